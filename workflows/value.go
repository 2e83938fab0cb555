package workflows

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Bounds of what goes into a history, in bytes of JSON. What is above them is
// kept in the store, and the history has a reference: a claim check.
const (
	maxInline  = 16 << 10  // one binding
	maxInlines = 192 << 10 // all bindings of an enrollment
	maxPayload = 48 << 10  // one payload; the design allows 64 KiB
	maxValue   = 8 << 20   // one value in the store
	maxChunk   = 32 << 10  // of a value on its way into a workflow
)

// valueRef names a value in the store.
type valueRef struct {
	SHA  string `json:"sha"`  // sha256 of the key and the value, hex
	Size int    `json:"size"` // bytes of JSON
}

// refOf names a value by what made it and by its content: no two effects share
// one, so that dropping what is not needed any more never takes a new one away.
func refOf(key string, value []byte) valueRef {
	sum := sha256.Sum256(append([]byte(key+"\x00"), value...))
	return valueRef{SHA: hex.EncodeToString(sum[:]), Size: len(value)}
}

// bind binds a step's result. A large one goes to the store, by reference if it
// is there already.
func (r *run) bind(ctx workflow.Context, step string, out stepResult) error {
	if out.bind == nil && out.ref == nil {
		return nil
	}
	if old, ok := r.s.Large[step]; ok {
		r.s.Drop = append(r.s.Drop, old.SHA)
	}
	delete(r.s.Bindings, step)
	delete(r.s.Large, step)
	delete(r.bound, step)
	if out.ref != nil {
		r.enlarge(step, *out.ref)
		return nil
	}
	r.bound[step] = out.bind
	size := sizeOf(out.bind)
	if size <= maxInline && r.inlines()+size <= maxInlines {
		r.s.Bindings[step] = out.bind
		return nil
	}
	ref, err := r.put(ctx, r.key(step), out.bind)
	if err != nil {
		return err
	}
	r.enlarge(step, ref)
	return nil
}

func (r *run) enlarge(step string, ref valueRef) {
	if r.s.Large == nil {
		r.s.Large = map[string]valueRef{}
	}
	r.s.Large[step] = ref
}

// inlines is the size of all bindings that are in the state.
func (r *run) inlines() int { return sizeOf(r.s.Bindings) }

// put stores a value that the effect with the key made.
func (r *run) put(ctx workflow.Context, key string, value any) (valueRef, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return valueRef{}, fmt.Errorf("encoding a value: %w", err)
	}
	if len(body) > maxValue {
		return valueRef{}, &limitError{"VALUE_LIMIT", fmt.Sprintf("the value has %d bytes; the limit is %d", len(body), maxValue)}
	}
	ref := refOf(key, body)
	in := PutInput{Enrollment: r.in.Enrollment, SHA: ref.SHA, Value: body, Drop: r.in.Drop}
	return ref, r.own(ctx, activityPut, in).Get(ctx, nil)
}

// get fetches a value from the store into v, in pieces that a history may hold.
func (r *run) get(ctx workflow.Context, ref valueRef, v any) error {
	var packed []byte
	for more := true; more; {
		var out GetOutput
		in := GetInput{Enrollment: r.in.Enrollment, SHA: ref.SHA, Offset: len(packed)}
		if err := r.own(ctx, activityGet, in).Get(ctx, &out); err != nil {
			return err
		}
		packed = append(packed, out.Chunk...)
		more = out.More
	}
	body, err := unpack(packed)
	if err != nil {
		return fmt.Errorf("unpacking value %s: %w", ref.SHA, err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("decoding value %s: %w", ref.SHA, err)
	}
	return nil
}

// load fetches the large bindings that a step, an exit or a goal speaks of and
// this run has not fetched yet.
func (r *run) load(ctx workflow.Context, step *journey.Step) error {
	if len(r.s.Large) == 0 {
		return nil
	}
	def := r.program.Definition()
	text, err := json.Marshal([]any{step, def.Exit, def.Goals})
	if err != nil {
		return fmt.Errorf("looking for what step %s speaks of: %w", step.ID, err)
	}
	for _, id := range slices.Sorted(maps.Keys(r.s.Large)) {
		if _, known := r.bound[id]; known || !bytes.Contains(text, []byte(id)) {
			continue
		}
		var value map[string]any
		if err := r.get(ctx, r.s.Large[id], &value); err != nil {
			return err
		}
		if _, still := r.s.Large[id]; still { // another branch may have run meanwhile
			r.bound[id] = value
		}
	}
	return nil
}

// sizeOf is about how long a value is as JSON, never much less.
func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return 2 + len(v) + strings.Count(v, `"`) + 5*strings.Count(v, "<")
	case map[string]any:
		n := 2
		for k, e := range v { //workflowcheck:ignore a sum does not depend on the order
			n += len(k) + 4 + sizeOf(e)
		}
		return n
	case []any:
		n := 2
		for _, e := range v {
			n += 1 + sizeOf(e)
		}
		return n
	case nil, bool:
		return 5
	}
	return 24
}

// pack makes a value smaller; it is what the store keeps.
func pack(value []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err == nil {
		_, err = w.Write(value)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("packing a value: %w", err)
	}
	return b.Bytes(), nil
}

func unpack(packed []byte) ([]byte, error) {
	return io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxValue+1))
}

// sizeOfEvents is about how long events are as JSON.
func sizeOfEvents(events []eventBinding) int {
	n := 0
	for _, e := range events {
		n += sizeOfEvent(e)
	}
	return n
}

func sizeOfEvent(e eventBinding) int {
	return 150 + len(e.Type) + len(e.Source) + len(e.ID) + len(e.Subject) + len(e.Data)
}
