package storetest

var isolationTests = []test{}
