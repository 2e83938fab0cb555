package journey

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
)

// ChooseArm is the first arm whose condition holds, else [ArmOtherwise].
func (p *Program) ChooseArm(step string, s Scope) (string, error) {
	st := p.Step(step)
	if st == nil || st.Choose == nil {
		return "", notOf(step, "choose")
	}
	e := p.in(s)
	for _, a := range st.Choose.Arms {
		ok, err := e.bool(a.When)
		if err != nil {
			return "", at("steps."+step+".choose.arms."+a.ID+".when", err)
		}
		if ok {
			return a.ID, nil
		}
	}
	return ArmOtherwise, nil
}

// SplitArm is the arm that a customer takes in a split, the same whenever salt,
// weights and the order of the arms are the same, and whether it is a holdout.
// journey is the name that a split without a salt takes instead, with its own
// id. The arm is "" when the step is no split.
func (p *Program) SplitArm(step, journey, customer string) (arm string, holdout bool) {
	st := p.Step(step)
	if st == nil || st.Split == nil {
		return "", false
	}
	salt := st.Split.Salt
	if salt == "" {
		salt = defaultSalt(journey, step)
	}
	var all uint64
	for _, a := range st.Split.Arms {
		all += uint64(max(a.Weight, 0))
	}
	if all == 0 {
		return "", false
	}
	sum := sha256.Sum256([]byte(salt + "\x00" + customer))
	at := binary.BigEndian.Uint64(sum[:8]) % all
	for _, a := range st.Split.Arms {
		weight := uint64(max(a.Weight, 0))
		if at < weight {
			return a.ID, a.Holdout
		}
		at -= weight
	}
	return "", false
}

// defaultSalt is that of a split which names none.
func defaultSalt(journey, step string) string { return journey + "/" + step }

// RepeatGoesOn tells whether a repeat that has run a number of rounds, 0 at its
// beginning, runs another. Its condition sees that number as steps.<id>.round.
func (p *Program) RepeatGoesOn(step string, round int, s Scope) (bool, error) {
	arm, err := p.RepeatEnds(step, round, s)
	return arm == "" && err == nil, err
}

// RepeatEnds is how a repeat that has run a number of rounds, 0 at its
// beginning, ends now: [ArmDone] by its condition, [ArmMax] by its bound, "" when
// it runs another round.
func (p *Program) RepeatEnds(step string, round int, s Scope) (arm string, err error) {
	st := p.Step(step)
	if st == nil || st.Repeat == nil {
		return "", notOf(step, "repeat")
	}
	s.Steps = maps.Clone(orEmpty(s.Steps))
	s.Steps[step] = map[string]any{"round": round}
	r, ends := st.Repeat, false
	switch {
	case r.While != "":
		ends, err = p.in(s).bool(r.While)
		ends, err = !ends, at("steps."+step+".repeat.while", err)
	case round > 0:
		ends, err = p.in(s).bool(r.Until)
		err = at("steps."+step+".repeat.until", err)
	}
	switch {
	case err != nil:
		return "", err
	case ends:
		return ArmDone, nil
	case round >= r.Max:
		return ArmMax, nil
	}
	return "", nil
}

// SubJourney is what another journey is begun with: the key of its enrollment,
// "" for one of this enrollment, step and visit, and its variables.
func (p *Program) SubJourney(step string, s Scope) (key string, vars map[string]any, err error) {
	st := p.Step(step)
	if st == nil || st.Journey == nil {
		return "", nil, notOf(step, "journey")
	}
	e := p.in(s)
	if key, err = e.text(st.Journey.Key); err == nil && len(key) > maxKey {
		err = fmt.Errorf("%.100q gives %d bytes; the limit is %d", st.Journey.Key, len(key), maxKey)
	}
	if err != nil {
		return "", nil, at("steps."+step+".journey.key", err)
	}
	vars, err = e.object(st.Journey.With)
	return key, vars, at("steps."+step+".journey.with", err)
}
