package storetest

var connectionTests = []test{}
