package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in proc(5): USER_HZ, which is 100 on all of Linux.
const tick = 10 * time.Millisecond

// pids are the processes of a way's server: it and its children.
func (w *way) pids() ([]int, error) {
	if w.server == nil {
		return nil, nil
	}
	pid := w.server.cmd.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	pids := []int{pid}
	for text := range strings.FieldsSeq(string(children)) {
		child, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		pids = append(pids, child)
	}
	return pids, nil
}

// cpuTime is what the server has used so far.
func (w *way) cpuTime() (time.Duration, error) {
	pids, err := w.pids()
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0, err
		}
		// The name before may hold anything, even a bracket.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		for _, text := range fields[11:13] { // utime, stime
			ticks, err := strconv.Atoi(text)
			if err != nil {
				return 0, err
			}
			sum += time.Duration(ticks) * tick
		}
	}
	return sum, nil
}

// memory is what the server holds of it now, or has held at most, in MB.
func (w *way) memory(field string) (float64, error) {
	pids, err := w.pids()
	if err != nil {
		return 0, err
	}
	sum := 0
	for _, pid := range pids {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return 0, err
		}
		_, rest, found := strings.Cut(string(status), field+":")
		if !found {
			return 0, fmt.Errorf("the status of process %d has no %s", pid, field)
		}
		kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			return 0, err
		}
		sum += kilobytes
	}
	return float64(sum) / 1024, nil
}
