package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// nginxConfig is a reverse proxy that swaps the credential and passes streams at
// once. It takes the whole body first, in memory, as Lectern has to. It checks
// and counts nothing.
const nginxConfig = `
%[5]s
daemon off;
worker_processes auto;
pid %[1]s/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	client_max_body_size 32m;
	client_body_buffer_size 128k;
	keepalive_requests 100000000;
	upstream api {
		server %[2]s;
		keepalive 64;
		keepalive_requests 100000000;
	}
	server {
		listen %[3]s;
		location / {
			proxy_pass %[6]s://api;
			proxy_ssl_protocols TLSv1.3;
			proxy_http_version 1.1;
			proxy_buffering off;
			proxy_read_timeout 600s;
			proxy_set_header Connection "";
			proxy_set_header Authorization "";
			proxy_set_header X-Api-Key "%[4]s";
		}
	}
}
`

func startNginx(ctx context.Context, dir string, api upstream) (*server, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // in no user's path
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // as another one it could not use dir
	}
	scheme, _, _ := strings.Cut(api.url, ":")
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, nginxConfig, dir, api.address, address, key, user, scheme), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "-p", dir, "-e", "stderr", "-c", file)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start nginx, which make bench-proxy installs: %w", err)
	}
	s := &server{address: address, cmd: cmd}
	if err := answers(ctx, address); err != nil {
		s.stop()
		return nil, fmt.Errorf("nginx: %w", err)
	}
	return s, nil
}

// freeAddress is one that nobody listens on, since nginx cannot say which port
// it was given.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// answers waits until somebody listens, which a process outside does not tell.
func answers(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}
