package main

import (
	"context"
	"fmt"
	"os/signal"
	"sync"
	"syscall"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/spf13/cobra"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// newPolicyCommand is kube-router's network policy controller alone, set up as
// k3s embeds it. kube-router's own program brings a BGP daemon and a cloud
// provider's client along, which would be most of its build.
func newPolicyCommand() *cobra.Command {
	config := options.NewKubeRouterConfig()
	config.RunFirewall = true
	config.EnableIPv4 = true
	command := &cobra.Command{
		Use:          "kube-router",
		Short:        "Enforce network policies on this node",
		SilenceUsage: true,
		Args:         cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return enforcePolicies(command.Context(), config)
		},
	}
	flags := command.Flags()
	flags.StringVar(&config.Kubeconfig, "kubeconfig", "", "how to reach the apiserver")
	flags.StringVar(&config.HostnameOverride, "hostname-override", "", "name of this node")
	flags.StringSliceVar(&config.ClusterIPCIDRs, "service-cluster-ip-range", config.ClusterIPCIDRs, "addresses of Services")
	flags.Uint16Var(&config.HealthPort, "health-port", 20244, "port of /healthz, which answers once policies are enforced")
	return command
}

// enforcePolicies runs the controller until the process is told to end. The
// node must be registered, with its address, before.
func enforcePolicies(ctx context.Context, config *options.KubeRouterConfig) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	rest, err := clientcmd.BuildConfigFromFlags("", config.Kubeconfig)
	if err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(rest)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	factory.WaitForCacheSync(ctx.Done())

	iptables, ipsets, err := netpol.NewIPTablesHandlers(config)
	if err != nil {
		return fmt.Errorf("find iptables and ipset: %w", err)
	}
	var ipsetLock sync.Mutex
	controller, err := netpol.NewNetworkPolicyController(client, config, pods, policies, namespaces, &ipsetLock, nil, iptables, ipsets)
	if err != nil {
		return fmt.Errorf("make the policy controller: %w", err)
	}
	if _, err := pods.AddEventHandler(controller.PodEventHandler); err != nil {
		return fmt.Errorf("follow Pods: %w", err)
	}
	if _, err := namespaces.AddEventHandler(controller.NamespaceEventHandler); err != nil {
		return fmt.Errorf("follow namespaces: %w", err)
	}
	if _, err := policies.AddEventHandler(controller.NetworkPolicyEventHandler); err != nil {
		return fmt.Errorf("follow network policies: %w", err)
	}

	health, err := healthcheck.NewHealthController(config)
	if err != nil {
		return fmt.Errorf("make the health check: %w", err)
	}
	health.SetAlive() // it measures how late heartbeats may be from here on
	heartbeats := make(chan *healthcheck.ControllerHeartbeat)
	var running sync.WaitGroup
	running.Add(1)
	go controller.Run(heartbeats, ctx.Done(), &running)
	// The first heartbeat comes when the chains stand, so /healthz is not
	// there to be asked before policies are enforced.
	select {
	case first := <-heartbeats:
		health.HandleHeartbeat(first)
		running.Add(2)
		go health.RunServer(ctx.Done(), &running)
		health.RunCheck(heartbeats, ctx.Done(), &running)
	case <-ctx.Done():
	}
	running.Wait()
	return nil
}
