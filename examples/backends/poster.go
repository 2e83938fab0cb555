package backends

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"sync"
)

const posterWidth, posterHeight = 480, 640

// posterPNG paints the film's poster once: a night sea under a moon, and a
// small light far below.
var posterPNG = sync.OnceValues(func() ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, paintPoster()); err != nil {
		return nil, fmt.Errorf("encoding the poster: %w", err)
	}
	return b.Bytes(), nil
})

func paintPoster() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, posterWidth, posterHeight))
	top, bottom := color.RGBA{24, 62, 92, 255}, color.RGBA{3, 8, 20, 255}
	for y := range posterHeight {
		line := image.NewUniform(mix(top, bottom, float64(y)/posterHeight))
		draw.Draw(img, image.Rect(0, y, posterWidth, y+1), line, image.Point{}, draw.Src)
	}
	disc(img, 330, 130, 150, color.RGBA{244, 232, 200, 255}, 0.12)
	disc(img, 330, 130, 62, color.RGBA{244, 232, 200, 255}, 1)
	for i, c := range []color.RGBA{{30, 96, 122, 255}, {20, 72, 102, 255}, {13, 50, 78, 255}, {8, 31, 55, 255}} {
		wave(img, 210+float64(i)*70, 16+float64(i)*3, 150+float64(i)*37, float64(i)*1.7, c)
	}
	disc(img, 170, 540, 70, color.RGBA{255, 190, 92, 255}, 0.10)
	disc(img, 170, 540, 30, color.RGBA{255, 190, 92, 255}, 0.25)
	disc(img, 170, 540, 7, color.RGBA{255, 226, 170, 255}, 1)
	return img
}

func mix(a, b color.RGBA, at float64) color.RGBA {
	m := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + (float64(y)-float64(x))*at)) }
	return color.RGBA{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B), 255}
}

// disc paints a round shape; below full strength it fades towards its rim.
func disc(img *image.RGBA, cx, cy, radius int, c color.RGBA, strength float64) {
	mask := image.NewAlpha(image.Rect(cx-radius, cy-radius, cx+radius, cy+radius))
	for y := cy - radius; y < cy+radius; y++ {
		for x := cx - radius; x < cx+radius; x++ {
			edge := float64(radius) - math.Hypot(float64(x-cx), float64(y-cy))
			cover := min(max(edge, 0), 1)
			if strength < 1 {
				cover = max(edge, 0) / float64(radius)
			}
			mask.SetAlpha(x, y, color.Alpha{uint8(255 * cover * strength)})
		}
	}
	draw.DrawMask(img, mask.Bounds(), image.NewUniform(c), image.Point{}, mask, mask.Bounds().Min, draw.Over)
}

// wave fills everything below a sine line.
func wave(img *image.RGBA, level, height, length, phase float64, c color.RGBA) {
	fill := image.NewUniform(mix(c, color.RGBA{3, 8, 20, 255}, 0.15))
	for x := range posterWidth {
		y := level + height*math.Sin(2*math.Pi*float64(x)/length+phase) + height/2*math.Sin(2*math.Pi*float64(x)/(length*0.43))
		draw.Draw(img, image.Rect(x, int(y), x+1, posterHeight), fill, image.Point{}, draw.Src)
	}
}
