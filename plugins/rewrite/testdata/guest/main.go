// Command guest is what TestAGoGuestDoesTheSame runs, as it is and rewritten:
// it takes the standard library through what plugins do, and prints it.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"
)

func main() {}

var calls int

//go:wasmexport qidong_describe
func describe() { fmt.Println("a guest") }

//go:wasmexport qidong_call
func call() {
	calls++
	fmt.Println("call", calls)
	for _, part := range []func() any{texts, documents, numbers, hashes, goroutines, panics, templates} {
		fmt.Printf("%v\n", part())
	}
}

func texts() any {
	words := strings.Fields(strings.Repeat("the quick brown fox jumps over the lazy dog ", 20))
	count := map[string]int{}
	for _, w := range words {
		count[w]++
	}
	keys := slices.Sorted(maps.Keys(count))
	return regexp.MustCompile(`(\w)(\w*)`).ReplaceAllString(strings.Join(keys, " "), "$2$1")
}

func documents() any {
	var v any
	_ = json.Unmarshal([]byte(`{"a":[1,2.5,{"b":null,"c":"中文\u00e9"}],"d":true}`), &v)
	b, err := json.MarshalIndent(v, "", " ")
	return fmt.Sprint(string(b), err)
}

func numbers() any {
	n := new(big.Int).Exp(big.NewInt(7), big.NewInt(321), nil)
	sum := 0.0
	for i := range 2000 {
		sum += math.Sin(float64(i)) * math.Sqrt(float64(i))
	}
	return n.String() + strconv.FormatFloat(sum, 'x', -1, 64)
}

func hashes() any {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for i := range 3000 {
		fmt.Fprintf(w, "line %d\n", i%17)
	}
	_ = w.Close()
	r, _ := gzip.NewReader(&b)
	all, _ := io.ReadAll(r)
	return fmt.Sprintf("%x %d", sha256.Sum256(all), len(all))
}

func goroutines() any {
	var wg sync.WaitGroup
	var mu sync.Mutex
	sum := 0
	in := make(chan int)
	for range 5 {
		wg.Go(func() {
			for n := range in {
				mu.Lock()
				sum += fib(n)
				mu.Unlock()
			}
		})
	}
	for n := range 18 {
		in <- n
	}
	close(in)
	wg.Wait()
	return sum
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func panics() (said any) {
	defer func() { said = fmt.Sprint(recover()) }()
	var list []int
	return list[len(list)+calls]
}

func templates() any {
	var b strings.Builder
	t := template.Must(template.New("t").Parse(`{{range $i, $x := .}}{{if $i}}, {{end}}{{printf "%05.2f" $x}}{{end}}`))
	_ = t.Execute(&b, []float64{1, 2.345, 1e3})
	return b.String() + time.Unix(0, 0).UTC().Format(time.RFC1123)
}
