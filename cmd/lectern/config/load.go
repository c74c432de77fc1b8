package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// maxFileBytes bounds the configuration file; the longest sensible one has a
// tenth of it.
const maxFileBytes = 64 << 10

// LoadOptions says where Load finds the settings.
type LoadOptions struct {
	// File is the YAML file that --config names; "" for none.
	File string
	// Environ is the environment as os.Environ returns it.
	Environ []string
	// Allow lists variables beginning with LECTERN_ that are no settings and
	// belong to someone else. A * at the end stands for any rest.
	Allow []string
	// APIKey has the key of the API read from the environment. Only the proxy
	// may know it; who does not need it should not have it in memory.
	APIKey bool
	// Flags has the flags of RegisterFlags, already parsed; nil for none.
	Flags *pflag.FlagSet
}

// Load returns the settings in force: the defaults, then the file, then the
// environment, then the flags. Its error joins every problem there is, one
// line each and those of the file first; the Config is empty then.
func Load(options LoadOptions) (Config, error) {
	var data []byte
	if options.File != "" {
		var err error
		if data, err = readFile(options.File); err != nil {
			return Config{}, err
		}
	}
	return load(options, data)
}

// readFile returns the bytes of the file that --config names.
func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--config: %w; create the file or leave the flag away", err)
	}
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("--config: %s is larger than 64Ki; name a configuration file", name)
	}
	return data, nil
}

// load is Load after the file was read.
func load(options LoadOptions, data []byte) (Config, error) {
	l := loader{config: Defaults(), origins: map[string]origin{}, failed: map[string]bool{}}
	l.config.SSH.HostKey = ""   // follows data_dir unless someone sets it
	l.config.Web.PublicURL = "" // and this web.listen
	l.file(options.File, data)
	l.environment(options.Environ, options.Allow, options.APIKey)
	l.flags(options.Flags)
	if l.config.SSH.HostKey == "" {
		l.config.SSH.HostKey = l.config.hostKeyInDataDir()
	}
	if l.config.Web.PublicURL == "" {
		l.config.Web.PublicURL = pageAddress(l.config.Web.Listen)
	}
	l.validate()
	if err := l.problems.err(); err != nil {
		return Config{}, err
	}
	return l.config, nil
}

// loader is a configuration in the making.
type loader struct {
	config   Config
	origins  map[string]origin // by path; keys at their default are missing
	failed   map[string]bool   // paths whose value could not be read
	broken   bool              // the file is no YAML, so that much may be missing
	problems problems
}

// set gives k the value that text means, or notes why it means none.
func (l *loader) set(k key, text string, from origin) {
	l.origins[k.path] = from
	if err := k.parse(text); err != nil {
		l.fail(k.path, from, "%s", err)
	}
}

// fail notes that the value of a key could not be read, which spares the
// reader all problems that only follow from it.
func (l *loader) fail(path string, from origin, format string, args ...any) {
	l.failed[path] = true
	l.problems.add(from, path, format, args...)
}

// environment applies the variables, that of the API key only where it is asked
// for.
func (l *loader) environment(environ, allow []string, apiKey bool) {
	keys := map[string]key{}
	var names []string
	for _, k := range values(&l.config) {
		keys[k.variable()] = k
		names = append(names, k.variable())
	}
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		from := origin{layer: fromEnvironment, name: name}
		if k, ok := keys[name]; ok {
			l.set(k, text, from)
			continue
		}
		if name == "ANTHROPIC_API_KEY" && apiKey {
			l.config.Proxy.APIKey = Secret(strings.TrimSpace(text))
			continue
		}
		tail, ours := strings.CutPrefix(name, variablePrefix)
		if ours && !allowed(name, allow) && !serviceLink(tail, text) {
			l.problems.add(from, "", "unknown setting; the nearest known name is %s", nearest(name, tail, names))
		}
	}
}

// allowed tells whether a variable is on the caller's list.
func allowed(name string, allow []string) bool {
	return slices.ContainsFunc(allow, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, "*")
		return name == pattern || open && strings.HasPrefix(name, prefix)
	})
}

var (
	serviceHost = regexp.MustCompile(`^(.+_)?SERVICE_(HOST|PORT(_.+)?)$`)
	servicePort = regexp.MustCompile(`^(.+_)?PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)
)

// serviceLink tells whether Kubernetes set a variable. It gives every Pod such
// variables for each Service beside it, and Services named lectern or
// lectern-proxy make them begin like ours: LECTERN_PROXY_PORT=tcp://10.43.0.7:8787.
func serviceLink(tail, value string) bool {
	if serviceHost.MatchString(tail) {
		return true
	}
	link := servicePort.FindStringSubmatch(tail)
	return link != nil && (link[2] != "" || strings.Contains(value, "://"))
}

// flags applies the flags that were typed.
func (l *loader) flags(fs *pflag.FlagSet) {
	if fs == nil {
		return
	}
	for _, k := range values(&l.config) {
		if f := fs.Lookup(k.path); f != nil && f.Changed {
			l.set(k, f.Value.String(), origin{layer: fromFlags, name: k.flag()})
		}
	}
}
