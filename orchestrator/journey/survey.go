package journey

// SurveyScale is the least and the greatest score of a kind of survey; -1 and
// -1 for one that is answered in words, or no kind at all.
func SurveyScale(kind string) (least, greatest int) {
	switch kind {
	case SurveyNPS:
		return 0, 10
	case SurveyCSAT, SurveyExpectation, SurveyPerception:
		return 1, 5
	case SurveyCES:
		return 1, 7
	}
	return -1, -1
}
