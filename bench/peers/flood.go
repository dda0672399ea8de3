// SPDX-License-Identifier: MIT

// The flood of ../throughput.c in Go alone: the same options, the same line of
// JSON, each job exactly once. Submitters and workers are goroutines, the queue
// is a channel of functions, as Go programs have their pools.
//
// A channel promises first come, first served, and is bounded: --capacity=0,
// unbounded elsewhere, is --capacity=4096 here. A Go program needs no pool, but
// bounds what runs at once by one. As many threads as CPUs (GOMAXPROCS), which
// is the default and the best. Do you know a better way? Please correct this.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	unbounded = 4096
	stalled   = 30 * time.Second
)

// What one worker counts: on cache lines of its own, written by it alone.
type tally struct {
	count, sum uint64
	_          [112]byte
}

type job func(*tally)

func mix(id uint64) uint64 {
	id = (id ^ id>>31) * 0x7fb5d329728ea185
	id = (id ^ id>>27) * 0x81dadef4bc2dd44d
	return id ^ id>>33
}

// Plain stores, since an atomic one is a locked instruction in Go. Whoever looks
// meanwhile only learns when to look closer: after the workers' end.
func (t *tally) add(id uint64) {
	t.sum += mix(id)
	t.count++
}

func countOf(tallies []tally) (count uint64) {
	for i := range tallies {
		count += atomic.LoadUint64(&tallies[i].count)
	}
	return count
}

//go:noinline
func work(steps uint64) uint64 {
	value := steps
	for i := uint64(0); i < steps; i++ {
		value = value*6364136223846793005 + 1442695040888963407
	}
	return value
}

// Steps in 1000 ns: the fastest of many short trials, so undisturbed.
func workPerUs() uint64 {
	const steps = 20000
	best := time.Hour
	for trial := 0; trial < 200; trial++ {
		began := time.Now()
		work(steps)
		if took := time.Since(began); took < best {
			best = took
		}
	}
	return uint64(steps * 1000 / best.Nanoseconds())
}

func usage() (cpuNs, voluntary, involuntary int64) {
	var now syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &now)
	return now.Utime.Nano() + now.Stime.Nano(), now.Nvcsw, now.Nivcsw
}

func peakRssKib() (kib uint64) {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Sscan(after, &kib)
	return kib
}

func fail(status int, text string) {
	fmt.Fprintln(os.Stderr, "flood-go: go-channel:", text)
	os.Exit(status)
}

var (
	pool       = flag.String("pool", "go-channel", "the only one")
	producers  = flag.Uint64("producers", 1, "")
	workers    = flag.Uint64("workers", 2, "")
	jobs       = flag.Uint64("jobs", 1000000, "")
	jobNs      = flag.Uint64("job-ns", 0, "")
	stepsPerUs = flag.Uint64("steps-per-us", 0, "")
	capacity   = flag.Uint64("capacity", unbounded, "")
	seed       = flag.Uint64("seed", 0, "")
)

func readOptions() {
	flag.Parse()
	if *pool != "go-channel" || flag.NArg() > 0 || *producers == 0 ||
		*workers == 0 || *jobs == 0 {
		flag.Usage()
		fail(2, "bad option")
	}
	if *capacity == 0 {
		*capacity = unbounded
	}
	if *jobNs > 0 && *stepsPerUs == 0 {
		*stepsPerUs = workPerUs()
	}
}

// Submits ids first .. end-1, all submitters at once.
func submit(queue chan<- job, first, end, steps uint64) {
	var done sync.WaitGroup
	for p := uint64(0); p < *producers; p++ {
		done.Add(1)
		go func(id, end uint64) {
			defer done.Done()
			for ; id < end; id++ {
				id := id
				if steps == 0 {
					queue <- func(t *tally) { t.add(id) }
				} else {
					queue <- func(t *tally) { work(steps); t.add(id) }
				}
			}
		}(first + (end-first)*p / *producers, first + (end-first)*(p+1) / *producers)
	}
	done.Wait()
}

// Looks as wait_for_count() of throughput.c does.
func await(tallies []tally, before, target uint64, began time.Time) {
	last, moved := before, began
	for {
		count, now := countOf(tallies), time.Now()
		if count >= target {
			return
		}
		if count != last {
			moved = now
		} else if now.Sub(moved) > stalled {
			fail(1, "no job returned for long, some are lost")
		}
		last = count
		pause := time.Millisecond
		if count > before {
			pause = now.Sub(began) * time.Duration(target-count) /
				time.Duration(count-before) / 2
		}
		if pause < 50*time.Microsecond {
			pause = 50 * time.Microsecond
		} else if pause > 10*time.Millisecond {
			pause = 10 * time.Millisecond
		}
		time.Sleep(pause)
	}
}

func isExact(tallies []tally, nr uint64) bool {
	var sum, expected uint64
	for id := uint64(0); id < nr; id++ {
		expected += mix(id)
	}
	for i := range tallies {
		sum += tallies[i].sum
	}
	count := countOf(tallies)
	if count != nr || sum != expected {
		fmt.Fprintf(os.Stderr, "flood-go: go-channel: WRONG: of %d jobs, %d ran\n",
			nr, count)
	}
	return count == nr && sum == expected
}

func main() {
	readOptions()
	steps := *jobNs * *stepsPerUs / 1000
	warmUp, all := *jobs/10, *jobs/10+*jobs
	queue := make(chan job, *capacity)
	tallies := make([]tally, *workers)
	var ended sync.WaitGroup
	for i := range tallies {
		ended.Add(1)
		go func(mine *tally) {
			defer ended.Done()
			for job := range queue {
				job(mine)
			}
		}(&tallies[i])
	}

	submit(queue, 0, warmUp, steps)
	await(tallies, 0, warmUp, time.Now())
	time.Sleep(2 * time.Millisecond)
	cpu, voluntary, involuntary := usage()
	began := time.Now()
	go submit(queue, warmUp, all, steps)
	await(tallies, warmUp, all, began)
	seconds := time.Since(began).Seconds()
	cpuAfter, voluntaryAfter, involuntaryAfter := usage()
	close(queue)
	ended.Wait()

	verified := isExact(tallies, all)
	n := float64(*jobs)
	fmt.Printf("{\"program\": \"throughput\", \"pool\": \"go-channel\", "+
		"\"producers\": %d, \"workers\": %d, \"job_ns\": %d, \"capacity\": %d, "+
		"\"steps_per_us\": %d, \"jobs\": %d, \"jobs_with_warm_up\": %d, ",
		*producers, *workers, *jobNs, *capacity, *stepsPerUs, *jobs, all)
	fmt.Printf("\"seconds\": %.9f, \"jobs_per_s\": %.1f, \"cpu_ns_per_job\": %.3f, "+
		"\"voluntary_switches_per_job\": %.6f, "+
		"\"involuntary_switches_per_job\": %.6f, \"pool_wakes_per_job\": 0, "+
		"\"peak_rss_kib\": %d, \"seed\": %d, \"verified\": %t}\n",
		seconds, n/seconds, float64(cpuAfter-cpu)/n,
		float64(voluntaryAfter-voluntary)/n,
		float64(involuntaryAfter-involuntary)/n, peakRssKib(), *seed, verified)
	if !verified {
		os.Exit(1)
	}
}
