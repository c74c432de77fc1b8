package main

import (
	"bufio"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// asStubborn makes this test's own program one that minds no signal.
const asStubborn = "LECTERN_TEST_STUBBORN"

func TestMain(m *testing.M) {
	if os.Getenv(asStubborn) != "" {
		ctx, stop := untilSignal()
		defer stop()
		_, _ = os.Stdout.WriteString("waiting\n")
		<-ctx.Done()
		_, _ = os.Stdout.WriteString("told\n")
		select {}
	}
	if dir := os.Getenv(asKeeper); dir != "" {
		_, _ = os.Stdout.WriteString(keep(dir).Error())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), asStubborn+"=yes")
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	cmd.Stdout = in
	err = cmd.Start()
	_ = in.Close()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the program does not start")
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if !lines.Scan() || lines.Text() != "told" {
		t.Fatalf("after the first signal the program says %q", lines.Text())
	}
	// The program lets go of the signals in the moment after it was told.
	for deadline := time.Now().Add(10 * time.Second); ; {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
				t.Errorf("the program ended with %s", cmd.ProcessState)
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("a second signal does not end the program")
		}
	}
}
