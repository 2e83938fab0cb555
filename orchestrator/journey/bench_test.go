package journey_test

import (
	"fmt"
	"strings"
	"testing"

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

// BenchmarkCompile200 validates and compiles a journey of 200 steps that was
// never seen before: no expression is remembered from the last time.
func BenchmarkCompile200(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		journey.ForgetExpressions()
		src := long(200, "word")
		b.StartTimer()
		if _, problems := journey.Compile(src, journeytest.Catalog()); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}

// BenchmarkCompile200Again is the same journey while somebody edits it.
func BenchmarkCompile200Again(b *testing.B) {
	src := long(200, "word")
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := journey.Compile(src, journeytest.Catalog()); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
