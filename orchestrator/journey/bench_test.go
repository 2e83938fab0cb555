package journey_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

// long writes a journey of n steps as designers do: calls, messages in two
// languages, waits for answers, choices. salt makes its expressions its own.
func long(n int, salt string) []byte {
	var b strings.Builder
	b.WriteString(`qidong: v1
journey: long
title: {en: Long, zh-CN: 长}
entry: {event: {type: test.entry}}
variables: {type: object, additionalProperties: false, properties: {limit: {type: integer, default: 5}}}
steps:
`)
	for i := 0; i < n; i += 5 {
		fmt.Fprintf(&b, `  - id: call_%[1]d
    title: {en: Call, zh-CN: 调用}
    call: {action: test.echo, with: {customer: "${customer.id}", limit: "${vars.limit}", text: "%[2]s %[1]d for ${customer.name}"}}
  - id: tell_%[1]d
    send:
      category: service
      card:
        title: {en: "%[2]s: ${steps.call_%[1]d.film}", zh-CN: "%[2]s：《${steps.call_%[1]d.film}》"}
        description: {en: "${time(steps.call_%[1]d.at)} in ${steps.call_%[1]d.place}", zh-CN: "${time(steps.call_%[1]d.at)} ${steps.call_%[1]d.place}"}
        suggestions:
          - {reply: "yes", text: {en: "Yes", zh-CN: 好}, value: {id: "${steps.call_%[1]d.id}"}}
          - {reply: "no", text: {en: "No", zh-CN: 不}}
  - id: answer_%[1]d
    wait:
      arms:
        - id: said_yes
          reply: tell_%[1]d
          match: event.data.reply == "yes"
          steps:
            - {id: thanks_%[1]d, send: {category: service, text: {en: "Thank you, ${customer.name}.", zh-CN: "谢谢，${customer.name}。"}}}
        - {id: late, after: 2d}
  - id: choice_%[1]d
    choose:
      arms:
        - {id: big, when: "steps.call_%[1]d.total > %[1]d && vars.limit > 3"}
      otherwise: {}
`, i, salt)
	}
	return []byte(b.String())
}

// large is the journey that `qidong bench` compiles, as in its source.
func large(n int) []byte {
	var b strings.Builder
	b.WriteString("qidong: v1\njourney: bench-large\ntitle: bench-large\nentry: {event: {type: bench-large}, key: event.id}\nsteps:\n")
	for i := 0; i < n; i += 4 {
		fmt.Fprintf(&b, `  - {id: w%[1]d, wait: {arms: [{id: came, event: a.b, match: 'event.data.n > %[1]d'}, {id: due, after: 1h}]}}
  - {id: m%[1]d, send: {category: service, text: {en: "Hello ${customer.name}, step %[1]d", zh-CN: "你好 ${customer.name}，第 %[1]d 步"}}}
  - id: c%[1]d
    choose:
      arms: [{id: yes, when: 'customer.traits.tier == "gold" && size(customer.name) > %[1]d', steps: [{id: t%[1]d, send: {category: service, text: "${now}"}}]}]
      otherwise: {}
`, i)
	}
	return []byte(b.String())
}

// BenchmarkCompile200 compiles journeys of 200 steps and makes them ready to
// run: as one that was never seen before, of which no expression is remembered,
// and again, while somebody edits it. cpu-ms/op is what the process used, on
// however busy a machine.
func BenchmarkCompile200(b *testing.B) {
	for name, src := range map[string][]byte{"bench": large(200), "designers": long(200, "word")} {
		for _, again := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/again=%t", name, again), func(b *testing.B) {
				b.ReportAllocs()
				began := cpu()
				for b.Loop() {
					if !again {
						journey.ForgetExpressions()
					}
					def, problems := journey.Compile(src, journeytest.Catalog())
					if len(problems) > 0 {
						b.Fatal(problems)
					}
					if _, err := journey.NewProgram(def); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(cpu()-began)/1e6/float64(b.N), "cpu-ms/op")
			})
		}
	}
}

// cpu is the time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
