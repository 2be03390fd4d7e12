// Command busbar may exit.
package main

import "os"

func main() { os.Exit(0) }
