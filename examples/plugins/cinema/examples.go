package main

import "time"

// What the examples of several actions share.
var (
	exampleStart = time.Date(2026, 11, 28, 11, 30, 0, 0, time.UTC)
	examplePlace = Place{
		ShowID: "magnolia-20261128-1930", Film: "Deep Current", Cinema: "Magnolia Picture House", Hall: "Hall 1",
		Address: "27 Baiyulan Lane, Xuhui, Shanghai", Latitude: 31.1956, Longitude: 121.4372,
		StartsAt: exampleStart, EndsAt: exampleStart.Add(118 * time.Minute),
	}
	exampleQuery = Query{FilmID: "deep-current", Count: 1, Locale: "en"}
	exampleShows = Shows{Shows: []Show{{
		Place: examplePlace, Price: 64, PosterURL: "https://cinema.example/posters/deep-current.png", SeatsLeft: 212,
	}}}
	exampleHold = Hold{ShowID: examplePlace.ShowID, Seats: 2, CustomerRef: "c_1", Locale: "en"}
	exampleHeld = Held{
		HoldID: "hold_1", Place: examplePlace, SeatLabels: "K7, K8", Total: 128,
		Synopsis:   "A hydrophone engineer hears a voice in the trench, and goes down to answer it.",
		ReadingURL: "https://cinema.example/reading/deep-current", ExpiresAt: time.Date(2026, 11, 23, 2, 20, 0, 0, time.UTC),
	}
	exampleIssue  = Issue{HoldID: "hold_1", PaymentID: "pay_1", CustomerRef: "c_1"}
	exampleTicket = Ticket{TicketID: "ticket_1", Code: "qd_1", CheckinURL: "https://cinema.example/checkin/qd_1"}
)

// refusal is how the booking system says no.
func refusal(code, message string) map[string]any {
	return map[string]any{"error": map[string]string{"code": code, "message": message}}
}
