package config

import (
	"net/netip"
	"path"
	"strings"
	"time"
)

// validate checks the settings as they are after all layers. A file that is no
// YAML was told of already, and whatever it sets is missing.
func (l *loader) validate() {
	if l.broken {
		return
	}
	v := validator{loader: l, keys: map[any]key{}}
	for _, k := range values(&l.config) {
		v.keys[k.field] = k
	}
	c := &l.config
	v.present(&c.DataDir)
	v.ssh(&c.SSH)
	v.auth(&c.Auth, &c.SSH)
	v.courses(&c.Courses)
	v.sandbox(&c.Sandbox)
	v.local(&c.Sandbox.Local)
	v.kubernetes(&c.Sandbox.Kubernetes)
	v.proxy(&c.Proxy)
	v.web(&c.Web)
	if c.Metrics.Listen != "" {
		v.address(&c.Metrics.Listen, 9090)
	}
	v.keptADay(&c.Audit.Keep)
	v.recording(&c.Recording)
	v.ports(c)
}

func (v validator) ssh(s *SSH) {
	v.address(&s.Listen, 2222)
	v.login(&s.SharedLogin)
	v.login(&s.AdminLogin)
	if strings.EqualFold(s.SharedLogin, s.AdminLogin) {
		v.refuse(v.later(&s.AdminLogin, &s.SharedLogin), "%q is both the shared login and the admin login; choose two", s.AdminLogin)
	}
	v.atLeast(&s.MaxConnections, 1)
	v.atLeast(&s.MaxConnectionsPerAddress, 1)
	v.notMore(&s.MaxConnectionsPerAddress, &s.MaxConnections, s.MaxConnectionsPerAddress > s.MaxConnections)
	v.positive(&s.HandshakeTimeout, &s.Keepalive)
}

func (v validator) auth(a *Auth, s *SSH) {
	v.site(&a.GitHubURL)
	for _, list := range []*[]string{&a.Users, &a.Admins} {
		for i, login := range *list {
			switch {
			case login == "*" && list == &a.Admins:
				v.refuseItem(list, i, "* would make everyone an instructor; name the logins")
			case login == "*":
			case !loginText.MatchString(login):
				v.refuseItem(list, i, "%q is no login name; %s", login, loginRule)
			case strings.EqualFold(login, s.SharedLogin) || strings.EqualFold(login, s.AdminLogin):
				v.refuseItem(list, i, "%q is the shared or the admin login and cannot be a person's; remove it or rename that login", login)
			}
		}
	}
	v.positive(&a.CacheFor, &a.StaleFor)
	v.notMore(&a.CacheFor, &a.StaleFor, a.CacheFor > a.StaleFor)
}

func (v validator) courses(c *Courses) {
	if len(c.Sources) == 0 {
		v.refuse(&c.Sources, "names no course; write a path or a url")
	}
	for i, source := range c.Sources {
		switch {
		case source.Path == "" && source.URL == "":
			v.refuseItem(&c.Sources, i, "needs a path or a url")
		case source.Path != "" && source.URL != "":
			v.refuseItem(&c.Sources, i, "has a path and a url; write two sources")
		case source.URL != "":
			if err := checkArchive(source.URL); err != nil {
				v.refuseItem(&c.Sources, i, "%s", err)
			}
		}
	}
}

func (v validator) sandbox(s *Sandbox) {
	v.atLeast(&s.MaxSessions, 1)
	v.positive(&s.MaxLife, &s.Idle, &s.Grace)
	v.notMore(&s.Idle, &s.MaxLife, s.Idle > s.MaxLife)
}

func (v validator) local(l *Local) {
	v.memory(&l.Memory)
	v.atLeast(&l.Processes, 1)
}

func (v validator) kubernetes(k *Kubernetes) {
	v.matches(&k.Namespace, dnsLabel, "is no namespace; write lower-case letters, digits and hyphens")
	v.matches(&k.Image, imageText, "is no image; write it like registry/name:tag")
	if k.RuntimeClass != "" {
		v.matches(&k.RuntimeClass, dnsName, "is no RuntimeClass; write its name, such as gvisor")
	}
	v.positive(&k.StartTimeout)
	v.items(&k.PullSecrets, dnsName, "is no name of a Secret")
	v.items(&k.NodeSelector, selectorText, "is no label; write it like disk=ssd")
	v.items(&k.Tolerations, tolerationText, "is no toleration; write it like gpu=true:NoSchedule")
	v.storage(&k.Storage)
	for _, r := range []*Resources{&k.Requests, &k.Limits} {
		v.memory(&r.Memory)
		if r.CPU.Milli() == 0 {
			v.refuse(&r.CPU, "%s is too small; it must be more than zero", r.CPU)
		}
	}
	v.notMore(&k.Requests.CPU, &k.Limits.CPU, k.Requests.CPU.Milli() > k.Limits.CPU.Milli())
	v.notMore(&k.Requests.Memory, &k.Limits.Memory, k.Requests.Memory > k.Limits.Memory)
}

func (v validator) storage(s *Storage) {
	if s.Class != "" {
		v.matches(&s.Class, dnsName, "is no StorageClass; write its name, or nothing for the cluster's default")
		v.onlyFor(&s.Class, s, StoragePVC)
	}
	if s.Path != "" {
		if !path.IsAbs(s.Path) {
			v.refuse(&s.Path, "%q is no absolute path; begin it with /", s.Path)
		}
		v.onlyFor(&s.Path, s, StorageHostPath)
	} else if s.Kind == StorageHostPath {
		v.refuse(&s.Kind, "hostPath needs a folder; write it as %s", v.keys[&s.Path].path)
	}
	v.memory(&s.Size)
}

// onlyFor refuses a storage setting that its kind would silently ignore.
func (v validator) onlyFor(field *string, s *Storage, kind string) {
	if s.Kind != kind {
		v.refuse(field, "is for %s %s only, and that is %s; remove it or change that", v.keys[&s.Kind].path, kind, s.Kind)
	}
}

func (v validator) proxy(p *Proxy) {
	v.address(&p.Listen, 8787)
	v.site(&p.URL)
	v.site(&p.Upstream)
	for i, model := range p.Models {
		if !wordText.MatchString(model) {
			v.refuseItem(&p.Models, i, "%q is no model's name", model)
		}
	}
	for i, tool := range p.Tools {
		if !toolText.MatchString(tool) {
			v.refuseItem(&p.Tools, i, "%q is no tool's name; write it like Read", tool)
		}
	}
	v.atLeast(&p.RequestsPerMinute, 1)
	v.atLeast(&p.Concurrency, 1)
	v.atLeast(&p.TokensPerDay, 0)
	if p.Events.Listen != "" {
		v.address(&p.Events.Listen, 8081)
		v.secretBeside(&p.Events.Listen, &p.Events.SecretFile)
	}
	if p.Events.URL != "" {
		v.site(&p.Events.URL)
		v.secretBeside(&p.Events.URL, &p.Events.SecretFile)
	}
}

// secretBeside refuses a way for events on which everybody would be believed.
func (v validator) secretBeside(way, file *string) {
	if *file == "" {
		v.refuse(way, "needs a secret, or anybody could report a stage as finished; write its file as %s", v.keys[file].path)
	}
}

func (v validator) web(w *Web) {
	v.address(&w.Listen, 8080)
	switch {
	case w.PublicURL != "":
		v.check(&w.PublicURL, checkOrigin(w.PublicURL))
	case w.Enabled && strings.Contains(w.Listen, "%"):
		v.refuse(&w.Listen, "%q is an address that browsers cannot write; write the one that they reach the page by as %s", w.Listen, v.keys[&w.PublicURL].path)
	case w.Enabled:
		v.refuse(&w.Listen, "%q is any free port, which no browser can know; write a port, or the page's address as %s", w.Listen, v.keys[&w.PublicURL].path)
	}
	v.positive(&w.SignInFor)
	for i, origin := range w.Origins {
		if err := checkOrigin(origin); err != nil {
			v.refuseItem(&w.Origins, i, "%v", err)
		}
	}
	for i, network := range w.Proxies {
		if _, err := netip.ParsePrefix(network); err != nil {
			v.refuseItem(&w.Proxies, i, "%q is no network; write it like 10.42.0.0/16", network)
		}
	}
	v.together(&w.TLS.Certificate, &w.TLS.Key)
	if w.TLS.Certificate != "" && w.PublicURL != "" && !secure(w.PublicURL) && v.read(&w.PublicURL) {
		v.refuse(&w.TLS.Certificate, "has the page speak https, and %s is %s; write that with https and a host of the certificate", v.keys[&w.PublicURL].path, w.PublicURL)
	}
}

// together refuses one of two files that are of no use alone.
func (v validator) together(one, other *string) {
	if *one == "" {
		one, other = other, one
	}
	if *one != "" && *other == "" {
		v.refuse(one, "is of no use alone; write the other file as %s", v.keys[other].path)
	}
}

// smallestRecording is room for a few screens. Less is a forgotten unit: 64 for
// 64Mi.
const smallestRecording Bytes = 64 << 10

func (v validator) recording(r *Recording) {
	v.keptADay(&r.Keep)
	if r.MaxSize < smallestRecording {
		v.refuse(&r.MaxSize, "%s is too small; it must be at least %s", r.MaxSize, smallestRecording)
	}
}

// keptADay refuses what would remove files while they are written.
func (v validator) keptADay(keep *time.Duration) {
	if *keep < 24*time.Hour {
		v.refuse(keep, "%s is too short; it must be at least 24h", DurationText(*keep))
	}
}

// ports refuses two servers of one process on one port. The proxy is a process
// of its own, often on another machine, and may use the same numbers.
func (v validator) ports(c *Config) {
	listens := []*string{&c.SSH.Listen, &c.Metrics.Listen, &c.Proxy.Events.Listen}
	if c.Web.Enabled {
		listens = append(listens, &c.Web.Listen)
	}
	for i, a := range listens {
		for _, b := range listens[:i] {
			if sameAddress(*a, *b) && v.read(a, b) {
				at := v.later(a, b)
				other := a
				if at == any(a) {
					other = b
				}
				v.refuse(at, "%q is taken by %s; choose another port", *a, v.keys[other].path)
			}
		}
	}
}
