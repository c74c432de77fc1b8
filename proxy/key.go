package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// KeySource has the key of the model's API. Its errors never hold the key.
type KeySource interface {
	Key() (string, error)
}

// FixedKey is a key that never changes, as one from the environment.
func FixedKey(text string) (KeySource, error) {
	key, err := cleanKey([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("the API key %w", err)
	}
	return fixedKey{key}, nil
}

// fixedKey is a struct so that no package can print it by way of a conversion.
type fixedKey struct{ key string }

func (k fixedKey) Key() (string, error) { return k.key, nil }

// KeyFile reads the key from a file, again whenever that changes.
func KeyFile(path string) KeySource { return &keyFile{path: path} }

const (
	// lookEvery is how often a file is looked at whether it has changed.
	lookEvery = time.Second
	// maxKeyFile is many times what a key takes.
	maxKeyFile = 4 << 10
)

type keyFile struct {
	path string

	mu     sync.Mutex
	looked time.Time
	seen   fileState
	key    string
	err    error
}

// fileState tells one version of a file from the next. Kubernetes swaps a
// symbolic link for another, so that inode and time change.
type fileState struct {
	inode, device uint64
	size          int64
	changed       time.Time
}

func (k *keyFile) Key() (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := time.Now(); k.looked.IsZero() || now.Sub(k.looked) >= lookEvery {
		k.looked = now
		k.look()
	}
	return k.key, k.err
}

func (k *keyFile) look() {
	info, err := os.Stat(k.path)
	if err == nil {
		state := stateOf(info)
		if k.err == nil && k.key != "" && state == k.seen {
			return
		}
		k.seen = state
		k.key, err = readKey(k.path)
	}
	if k.err = err; err != nil {
		k.key = ""
	}
}

func stateOf(info os.FileInfo) fileState {
	state := fileState{size: info.Size(), changed: info.ModTime()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		state.inode, state.device = stat.Ino, stat.Dev
	}
	return state
}

func readKey(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return "", err
	}
	key, err := cleanKey(data)
	if err != nil {
		return "", fmt.Errorf("%s %w", path, err)
	}
	return key, nil
}

// cleanKey takes the space around a key away and refuses what no header can
// hold.
func cleanKey(data []byte) (string, error) {
	text := bytes.TrimSpace(data)
	switch {
	case len(text) == 0:
		return "", errors.New("is empty: put the key of the model's API there")
	case len(data) > maxKeyFile:
		return "", errors.New("is too long for a key: put nothing else there")
	}
	for _, c := range text {
		if c <= ' ' || c > '~' {
			return "", errors.New("holds more than one word of plain characters: put the key alone there")
		}
	}
	return string(text), nil
}
