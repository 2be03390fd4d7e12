package storetest

var runTests = []test{}
