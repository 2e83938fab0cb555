package main

import (
	"os"
	"unsafe"

	"github.com/qidong/qidong/sdk/plugin"
)

// Misdeed says what to do wrong.
type Misdeed struct {
	How string `json:"how" schema:"enum=trap|panic|memory|deadlock|loop|recurse|exit|grow|log" title:"What to do" title-zh-CN:"行为"`
}

// Counted is how many calls the instance has seen.
type Counted struct {
	Counter int64 `json:"counter" title:"Call number" title-zh-CN:"调用序号"`
}

const mebibyte = 1 << 20

// hoard keeps memory from being collected.
var hoard [][]byte

// Misbehave counts, then does what it is told. Only grow and log return.
func Misbehave(c *plugin.Call, in Misdeed) (Counted, error) {
	counter++
	switch in.How {
	case "trap":
		*(*byte)(unsafe.Add(unsafe.Pointer(&counter), 1<<31)) = 1 // beyond any memory
	case "panic":
		panic("on purpose")
	case "memory":
		for {
			take(mebibyte)
		}
	case "deadlock":
		select {}
	case "loop":
		for {
		}
	case "recurse":
		return Counted{recurse(1)}, nil
	case "exit":
		os.Exit(3)
	case "grow":
		take(8 * mebibyte)
	case "log":
		c.Logf("call %d", counter)
		c.Errorf("on purpose")
	}
	return Counted{counter}, nil
}

// Remember counts, and does nothing else.
func Remember(*plugin.Call, struct{}) (Counted, error) {
	counter++
	return Counted{counter}, nil
}

// take allocates n bytes and writes to each of their pages.
func take(n int) {
	b := make([]byte, n)
	for i := 0; i < n; i += 4096 {
		b[i] = 1
	}
	hoard = append(hoard, b)
}

func recurse(n int64) int64 { return recurse(n+1) + n }
