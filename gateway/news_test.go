package gateway

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lectern/gateway/auth"
	"lectern/web/api"
)

// hears waits for news, in their order.
func hears(t *testing.T, news <-chan api.News, want ...api.NewsType) (heard []api.News) {
	t.Helper()
	for _, kind := range want {
		select {
		case item := <-news:
			if heard = append(heard, item); item.Type != kind {
				t.Fatalf("the news are %+v, want %v", heard, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("the news are %+v, and %s is missing", heard, kind)
		}
	}
	return heard
}

func quiet(t *testing.T, news <-chan api.News) {
	t.Helper()
	select {
	case item := <-news:
		t.Errorf("there is more: %+v", item)
	default:
	}
}

// TestNewsOfALesson: from the picker to the end of the course.
func TestNewsOfALesson(t *testing.T) {
	l := newLab(t, threeStages)
	client, news := l.enters(l.ada())
	_, elsewhere := l.enters(l.ada()) // another page of the same learner
	_, bob := l.enters(auth.Identity{Login: "bob", Fingerprint: l.ada().Fingerprint})
	c := open(t, client, "")
	c.enter()
	joined := hears(t, news, api.Place, api.AutoStart)
	if p := joined[0]; p.Course != "only" || p.CourseTitle != "Only course" || p.Stage != 1 || p.Epoch != 1 || p.Session != l.sessionOf("ada") {
		t.Errorf("the place is %+v", p)
	}
	l.records(said(1, 1), said(1, 1))
	hears(t, news, api.StageComplete, api.StageUnlocked)
	l.records(said(2, 2), said(3, 3))
	heard := hears(t, news, api.StageComplete, api.StageUnlocked, api.StageComplete, api.CourseComplete)
	if heard[0].Stage != 2 || heard[1].Stage != 3 || heard[3].Course != "only" {
		t.Errorf("the news are %+v", heard)
	}
	c.types("exit 0\r")
	c.shows("Only stage")
	if left := hears(t, news, api.Place)[0]; left != (api.News{Type: api.Place}) {
		t.Errorf("back in the picker it is %+v", left)
	}
	quiet(t, news)
	// A page whose terminal is elsewhere hears what was done, and of no place.
	hears(t, elsewhere, api.StageComplete, api.StageUnlocked, api.StageComplete, api.StageUnlocked, api.StageComplete, api.CourseComplete)
	quiet(t, elsewhere)
	quiet(t, bob)
}

// TestNewsOfOneWhoComesBack: the lesson does not begin a second time.
func TestNewsOfOneWhoComesBack(t *testing.T) {
	l := newLab(t, nil)
	started, err := l.server.Start(t.Context(), l.ada(), farAway, "only", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]api.NewsType{{api.Place, api.AutoStart}, {api.Place}} {
		client, news := l.enters(l.ada())
		c := open(t, client, "resume "+started.ID)
		c.expect("hello from")
		hears(t, news, want...)
		quiet(t, news)
		_ = client.Close()
	}
	l.server.unseen.add("another")
	if l.server.unseen.take("none") || !l.server.unseen.take("another") || l.server.unseen.take("another") {
		t.Error("it is not known which sandbox nobody has joined")
	}
}

// TestNewsAreBounded: who does not look keeps the newest, in their order.
func TestNewsAreBounded(t *testing.T) {
	n := news{followers: make(map[string]map[follower]struct{})}
	lazy, stop := n.follow("ada")
	other, stopOther := n.follow("ada")
	for i := range 3 * mostUnread {
		n.tell("ada", api.News{Type: api.StageComplete, Stage: i}, api.News{Type: api.StageUnlocked, Stage: i})
		n.tell("bob", api.News{})
		<-other
		<-other
	}
	var got, want []string
	for range mostUnread {
		item := <-lazy
		got = append(got, fmt.Sprint(item.Type, item.Stage))
	}
	for i := 2*mostUnread + mostUnread/2; i < 3*mostUnread; i++ {
		want = append(want, fmt.Sprint(api.StageComplete, i), fmt.Sprint(api.StageUnlocked, i))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the newest are %v, want %v", got, want)
	}
	quiet(t, lazy)
	stop()
	stop()
	n.tell("ada", api.News{Type: api.CourseComplete})
	quiet(t, lazy)
	hears(t, other, api.CourseComplete)
	stopOther()
	if n.followed("ada") || len(n.followers) != 0 {
		t.Errorf("%d are followed still", len(n.followers))
	}
}
