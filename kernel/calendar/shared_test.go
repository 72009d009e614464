package calendar_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/calendar"
)

// sharedHolidays finds the reference data beside the repository, or skips.
func sharedHolidays(t *testing.T) string {
	t.Helper()
	root := os.Getenv("TOUYAN_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(root, "service", "holidays")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the reference holidays are not on this machine; set TOUYAN_SHARED")
	}
	return dir
}

// TestNoticesEqualReference compares every day of 2007 to 2026 with an
// independent record of the notices.
func TestNoticesEqualReference(t *testing.T) {
	dir := sharedHolidays(t)
	named := map[string]bool{} // day → worked
	for year := 2007; year <= 2027; year++ {
		data, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.json", year)))
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Days []struct {
				Date     string
				IsOffDay bool
			}
		}
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Days {
			named[d.Date] = !d.IsOffDay
		}
	}
	days := 0
	for d := time.Date(2006, 12, 30, 0, 0, 0, 0, time.UTC); d.Year() <= 2026; d = d.AddDate(0, 0, 1) {
		want, ok := named[d.Format(time.DateOnly)]
		if !ok {
			want = d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
		}
		if got := calendar.Default().IsWorkday(calendar.Date(d.Date())); got != want {
			t.Errorf("%s: worked = %v, the reference says %v", d.Format(time.DateOnly), got, want)
		}
		days++
	}
	if days != 7307 {
		t.Errorf("compared %d days, want 7307", days)
	}
}
