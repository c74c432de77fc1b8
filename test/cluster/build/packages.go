package build

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// packages are what Debian calls the programs that a cluster consists of or is
// built with, each with a file that tells that it is there.
var packages = []string{
	"containerd:/usr/bin/containerd",
	"runc:/usr/sbin/runc",
	"containernetworking-plugins:/usr/lib/cni/ptp",
	"iptables:/usr/sbin/iptables",
	"ipset:/usr/sbin/ipset",
	"nftables:/usr/sbin/nft",
	"conntrack:/usr/sbin/conntrack",
	"iproute2:/usr/sbin/ip",
	"debootstrap:/usr/sbin/debootstrap",
	"debian-archive-keyring:/usr/share/keyrings/debian-archive-keyring.gpg",
	"buildah:/usr/bin/buildah",
}

// NeedPackages installs the Debian packages that are missing.
func (c Cache) NeedPackages(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, filepath.Join(c.Source, "scripts/need-packages"), packages...)
	cmd.Stdout, cmd.Stderr = c.Log, c.Log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("install the packages that are missing: %w", err)
	}
	return nil
}
