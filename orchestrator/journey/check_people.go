package journey

import (
	"fmt"
	"slices"
	"strings"
)

var surveyKinds = []string{SurveyNPS, SurveyCSAT, SurveyCES, SurveyExpectation, SurveyPerception, SurveyText}

func (k *compiler) survey(s *Step, path string) {
	v := s.Survey
	if k.given(path+".kind", s.ID, v.Kind, "Add kind: nps.") && !slices.Contains(surveyKinds, v.Kind) {
		k.report(path+".kind", s.ID, "UNKNOWN_VALUE", fmt.Sprintf("There is no survey kind %.40q.", v.Kind), "Write "+orList(surveyKinds)+".")
	}
	if len(v.Question) == 0 {
		k.report(path, s.ID, "MISSING_FIELD", "The survey has no question.", "Add question: {en: …, zh-CN: …}.")
	}
	if v.Wait == 0 {
		k.report(path+".wait", s.ID, "MISSING_TIMEOUT", "The survey does not say how long it waits for the answer.", "Add wait: 2d.")
	}
}

// orList is "a, b or c".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
