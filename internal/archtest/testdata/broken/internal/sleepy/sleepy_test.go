// Package sleepy sleeps where it costs nothing.
package sleepy

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestSleep(t *testing.T) { synctest.Test(t, func(*testing.T) { time.Sleep(time.Hour) }) }
