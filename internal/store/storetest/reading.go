package storetest

var readingTests = []test{}
