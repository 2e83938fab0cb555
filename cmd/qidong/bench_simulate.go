package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/qidong/qidong/examples"
	"github.com/qidong/qidong/simulation"
	"github.com/qidong/qidong/simulation/hosted"
)

// benchSimulate measures simulations: 1,000 customers through movie night, the
// plugins compiled before, as every simulation after the first finds them.
func benchSimulate(ctx context.Context, rounds int, asJSON bool, out io.Writer) error {
	loaded, err := hosted.Load(ctx, "")
	if err != nil {
		return err
	}
	defer loaded.Close()
	o, err := movieNightOptions(loaded)
	if err != nil {
		return err
	}
	took := make([]float64, rounds)
	for i := range took {
		began := time.Now()
		report, err := simulation.Run(ctx, o)
		if err != nil {
			return fmt.Errorf("measuring a simulation: %w", err)
		}
		if report.Entered != o.Customers {
			return fmt.Errorf("measuring a simulation: %d of %d customers entered", report.Entered, o.Customers)
		}
		took[i] = time.Since(began).Seconds()
	}
	m := measure{name: "simulate.movie_night_1000", unit: "s", goal: 20}
	return m.print(out, median(took), asJSON)
}

// movieNightOptions are those of the figure; each round is the same.
func movieNightOptions(plugins simulation.Plugins) (simulation.Options, error) {
	journeys, err := examples.Journeys()
	if err != nil {
		return simulation.Options{}, err
	}
	i := slices.IndexFunc(journeys, func(j examples.Journey) bool { return j.Name == "movie-night" })
	if i < 0 {
		return simulation.Options{}, errors.New("this program was built without movie night")
	}
	b, err := simulation.ReadBehavior(examples.MovieNightBehavior())
	if err != nil {
		return simulation.Options{}, err
	}
	return simulation.Options{Sources: [][]byte{journeys[i].Source}, Behavior: b, Customers: 1000, Seed: 1, Plugins: plugins}, nil
}
