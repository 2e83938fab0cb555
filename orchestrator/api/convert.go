package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// each converts a slice; nil stays nil.
func each[From, To any](in []From, convert func(From) To) []To {
	var out []To
	for _, v := range in {
		out = append(out, convert(v))
	}
	return out
}

// eachErr is each for conversions that may fail.
func eachErr[From, To any](in []From, convert func(From) (To, error)) ([]To, error) {
	var out []To
	for _, v := range in {
		c, err := convert(v)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func protoProblems(ps []orchestrator.Problem) []*qidongv1.Problem {
	return each(ps, func(p orchestrator.Problem) *qidongv1.Problem {
		return &qidongv1.Problem{
			Path: p.Path, Step: p.Step, Line: int32(p.Line), Column: int32(p.Column),
			Code: p.Code, Message: p.Message, Mend: p.Mend,
		}
	})
}

// protoTime leaves the zero time unset.
func protoTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// protoValue converts a JSON value; nil stays unset.
func protoValue(raw json.RawMessage) (*structpb.Value, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	v := new(structpb.Value)
	if err := v.UnmarshalJSON(raw); err != nil {
		return nil, fmt.Errorf("converting a stored JSON value: %w", err)
	}
	return v, nil
}

// protoStruct converts a JSON object; nil and null stay unset.
func protoStruct(raw json.RawMessage) (*structpb.Struct, error) {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	v := new(structpb.Struct)
	if err := v.UnmarshalJSON(raw); err != nil {
		return nil, fmt.Errorf("converting a stored JSON object: %w", err)
	}
	return v, nil
}

// protoMap converts what JSON can express, whatever Go types hold it.
func protoMap(m map[string]any) (*structpb.Struct, error) {
	if m == nil {
		return nil, nil
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encoding a stored value: %w", err)
	}
	return protoStruct(raw)
}

// domainJSON writes a value always the same way (protojson would not), so that
// the same event twice is the same bytes. Unset is nil.
func domainJSON(v *structpb.Value) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	raw, err := json.Marshal(v.AsInterface())
	if err != nil {
		return nil, fmt.Errorf("%w: data is no JSON value: %w", orchestrator.ErrInvalid, err)
	}
	return raw, nil
}

// domainObject is domainJSON for objects.
func domainObject(s *structpb.Struct) (json.RawMessage, error) {
	if s == nil {
		return nil, nil
	}
	return domainJSON(structpb.NewStructValue(s))
}

// domainMap is nil when unset.
func domainMap(s *structpb.Struct) map[string]any {
	if s == nil {
		return nil
	}
	return s.AsMap()
}

const day = 24 * time.Hour

func protoPace(p orchestrator.Pace) *qidongv1.Pace {
	if p == (orchestrator.Pace{}) {
		return nil
	}
	out := &qidongv1.Pace{}
	if p.Factor != 0 {
		out.Day = durationpb.New(time.Duration(p.Factor * float64(day)))
	}
	if p.Answer != 0 {
		out.Answer = durationpb.New(p.Answer)
	}
	return out
}

func domainPace(p *qidongv1.Pace) (orchestrator.Pace, error) {
	var out orchestrator.Pace
	if p.GetDay() != nil {
		d := p.Day.AsDuration()
		if p.Day.CheckValid() != nil || d <= 0 || d > day {
			return out, fmt.Errorf("%w: pace.day is %v, but a day of the journey takes more than 0 and at most 24h", orchestrator.ErrInvalid, d)
		}
		out.Factor = float64(d) / float64(day)
	}
	if p.GetAnswer() != nil {
		out.Answer = p.Answer.AsDuration()
		if p.Answer.CheckValid() != nil || out.Answer < 0 || out.Answer > day {
			return out, fmt.Errorf("%w: pace.answer is %v, but it is from 0 to 24h", orchestrator.ErrInvalid, out.Answer)
		}
	}
	return out, nil
}
