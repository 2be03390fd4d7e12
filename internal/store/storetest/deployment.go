package storetest

var deploymentTests = []test{}
