package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// Output is plain text: nothing here uses color, so NO_COLOR has nothing to
// turn off.

// maxInput bounds the files that commands read whole.
const maxInput = 9 << 20

// printProto prints m as indented JSON with the field names of the schema. What
// is empty is left out, but lists are always there.
func printProto(w io.Writer, m proto.Message) error {
	raw, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	var out bytes.Buffer // protojson's own spacing varies on purpose
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return fmt.Errorf("indenting the answer: %w", err)
	}
	out.WriteByte('\n')
	_, err = out.WriteTo(w)
	return err
}

// printJSON prints any other value as indented JSON.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printTable prints rows under a heading; no rows is a sentence.
func printTable(w io.Writer, none, heading string, rows [][]string) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, none)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ReplaceAll(heading, " | ", "\t"))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = printable(cell)
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// printable keeps what customers and partners wrote from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}

// when is a time as a person reads it, in local time; "–" when unset.
func when(t *timestamppb.Timestamp) string {
	if t == nil {
		return "–"
	}
	return t.AsTime().Local().Format("2006-01-02 15:04:05")
}

// readInput reads a file, or standard input for "-".
func readInput(stdin io.Reader, name string) ([]byte, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("reading the file: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(raw) > maxInput {
		return nil, fmt.Errorf("%s is larger than %d MiB, the most that a request carries", name, maxInput>>20)
	}
	return raw, nil
}

// jsonObject reads a flag that is a JSON object; "" is nil.
func jsonObject(flag, text string) (*structpb.Struct, error) {
	if text == "" {
		return nil, nil
	}
	out := new(structpb.Struct)
	if err := out.UnmarshalJSON([]byte(text)); err != nil {
		return nil, fmt.Errorf("%s is not a JSON object; write it like '{\"name\": \"value\"}'", flag)
	}
	return out, nil
}

// problemsOf returns the problems that an error carries.
func problemsOf(err error) []*qidongv1.Problem {
	var refused *connect.Error
	if !errors.As(err, &refused) {
		return nil
	}
	for _, d := range refused.Details() {
		if v, err := d.Value(); err == nil {
			if failure, ok := v.(*qidongv1.ValidationFailure); ok {
				return failure.GetProblems()
			}
		}
	}
	return nil
}

// printProblems prints one line each: file:line:column: path: message mend.
func printProblems(w io.Writer, file string, problems []*qidongv1.Problem) {
	for _, p := range problems {
		place := file
		if p.GetLine() > 0 {
			place = fmt.Sprintf("%s:%d:%d", file, p.GetLine(), p.GetColumn())
		}
		text := p.GetMessage()
		if p.GetPath() != "" {
			text = p.GetPath() + ": " + text
		}
		fmt.Fprintln(w, printable(strings.TrimSpace(place+": "+text+" "+p.GetMend())))
	}
}
