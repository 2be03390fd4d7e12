package storetest

var streamTests = []test{}
