package plugins

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
)

// MaxRecording bounds a recording, in bytes: what its requests and responses
// have together, and what it has in JSON. Above it they are dropped, and the
// recording says so.
const MaxRecording = 4 << 20

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Encode writes r as JSON, at most [MaxRecording] bytes: exchanges that do not
// fit are left out, and "incomplete" says so. r is not changed.
func (r *Recording) Encode() ([]byte, error) {
	b, err := encodeRecording(r)
	if err == nil && len(b) > MaxRecording {
		short := *r
		short.Exchanges, short.Incomplete = nil, tooLarge(len(r.Exchanges), len(b))
		b, err = encodeRecording(&short)
	}
	if err != nil {
		return nil, fmt.Errorf("encoding the recording of a call: %w", err)
	}
	return b, nil
}

func encodeRecording(r *Recording) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // people read it
	err := e.Encode(r)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func tooLarge(exchanges, size int) string {
	return fmt.Sprintf("The recording would have %d bytes with its %d requests and responses; at most %d are kept.", size, exchanges, MaxRecording)
}

// ReadRecording reads what [Recording.Encode] wrote, from anybody: a field that
// recordings do not have, another format, limits above the host's, or an
// envelope that is not the action's are errors that say so.
func ReadRecording(b []byte) (*Recording, error) {
	if len(b) > MaxRecording+1 { // a line end
		return nil, fmt.Errorf("reading a recording: it has %d bytes; at most %d are possible", len(b), MaxRecording)
	}
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	if err := knownFormat(head.Format); err != nil {
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	r := new(Recording)
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("reading a recording: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading a recording: there is something after it")
	}
	if _, err := r.check(); err != nil {
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	return r, nil
}

func knownFormat(n int) error {
	if n != RecordingFormat {
		return fmt.Errorf("it has the format %d, and this version of Qidong knows %d: use the version that recorded it", n, RecordingFormat)
	}
	return nil
}

// check refuses a recording that no host can have made, and returns what the
// guest read.
func (r *Recording) check() (abi.Call, error) {
	var envelope abi.Call
	if err := knownFormat(r.Format); err != nil {
		return envelope, err
	}
	if !digestForm.MatchString(r.Digest) {
		return envelope, fmt.Errorf("its digest is %.80q, not 64 hexadecimal digits", r.Digest)
	}
	if err := r.Limits.Validate(); err != nil {
		return envelope, err
	}
	if (r.Error == nil) == (r.Output == "") || r.Output != "" && !json.Valid([]byte(r.Output)) {
		return envelope, errors.New("it has neither an error nor an output that is JSON, or both")
	}
	if len(r.Envelope) > abi.MaxInput {
		return envelope, fmt.Errorf("its envelope has %d bytes; at most %d are possible", len(r.Envelope), abi.MaxInput)
	}
	// Not as strictly as a guest's JSON: a host wrote it, from what it had checked.
	if err := json.Unmarshal([]byte(r.Envelope), &envelope); err != nil {
		return envelope, fmt.Errorf("reading its envelope: %w", err)
	}
	if envelope.Action != r.Action {
		return envelope, fmt.Errorf("it is of the action %.80q, and its envelope of %.80q", r.Action, envelope.Action)
	}
	return envelope, nil
}
