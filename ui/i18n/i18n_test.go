package i18n

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
)

func TestCatalogs(t *testing.T) {
	t.Parallel()
	t.Run("every language has the same keys", func(t *testing.T) {
		t.Parallel()
		for _, l := range Languages {
			require.Equal(t, Keys(Languages[0]), Keys(l), l)
		}
	})
	t.Run("no text is empty, and each has the placeholders of the others", func(t *testing.T) {
		t.Parallel()
		placeholder := regexp.MustCompile(`\{[a-z]+\}`)
		for _, l := range Languages {
			for key, s := range catalogs[l] {
				require.NotEmpty(t, s, "%s in %s", key, l)
				require.ElementsMatch(t, placeholder.FindAllString(catalogs[Languages[0]][key], -1), placeholder.FindAllString(s, -1), "%s in %s", key, l)
			}
		}
	})
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for wanted, want := range map[string]string{
		"zh-CN": "zh-CN", "zh": "zh-CN", "zh-Hans-SG": "zh-CN", "en-GB": "en", "fr": "en", "": "en", "*": "en",
		"de-DE,zh;q=0.9,en;q=0.8": "zh-CN", "%%%\x00": "en",
	} {
		require.Equal(t, want, Match(wanted), wanted)
	}
}

func TestT(t *testing.T) {
	t.Parallel()
	zh := With(context.Background(), "zh-CN")
	require.Equal(t, "出票：已补偿", T(zh, "log.undone", "step", "出票"))
	require.Equal(t, "no.such.key", T(zh, "no.such.key"))
	require.Equal(t, "1 step", Count(context.Background(), "steps.n", 1))
	require.Equal(t, "28 steps", Count(context.Background(), "steps.n", 28))
}

func TestPick(t *testing.T) {
	t.Parallel()
	zh, en := With(context.Background(), "zh-CN"), context.Background()
	require.Equal(t, "电影", Pick(zh, journey.Text{"en": "Film", "zh-CN": "电影"}))
	require.Equal(t, "电影", Pick(zh, journey.Text{"en": "Film", "zh": "电影"}))
	require.Equal(t, "Film", Pick(zh, journey.Text{"en": "Film"}))
	require.Equal(t, "Cine", Pick(en, journey.Text{"es": "Cine", "fr": ""}))
	require.Empty(t, Pick(en, nil))
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 9999: "9999", 12_345: "12.3k", 1_234_567: "1.2M"} {
		require.Equal(t, want, Number(n))
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	en, zh := context.Background(), With(context.Background(), "zh-CN")
	for d, want := range map[time.Duration][2]string{
		0:                            {"a moment", "片刻"},
		45 * time.Second:             {"45 s", "45 秒"},
		90 * time.Minute:             {"1 h 30 min", "1 小时 30 分"},
		(4*24 + 7) * time.Hour:       {"4 d 7 h", "4 天 7 小时"},
		24*time.Hour + 5*time.Minute: {"1 d", "1 天"},
	} {
		require.Equal(t, want[0], Duration(en, d))
		require.Equal(t, want[1], Duration(zh, d))
	}
}
