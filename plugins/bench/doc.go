// Package bench measures the plugin host against the numbers that it promises:
// what isolation costs, how it scales, what it holds, and whether a neighbor
// feels a hostile plugin.
//
// What is compared is measured in one process, in turns: round for round, A B C
// A B C, so that whatever else the machine does hits all alike. A ratio is
// taken within each round; the figure is the median of the rounds.
//
// [Run] makes the whole report. Package bench/extism, a module of its own,
// measures the same guest under another host with the same means.
package bench
