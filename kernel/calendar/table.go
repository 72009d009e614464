package calendar

// The table covers every day a notice can name: December 2006 to 2099.
const (
	tableFirst Day = 13483 // 2006-12-01
	tableLast  Day = 47481 // 2099-12-31
)

// table numbers the working days, so that both directions are one look-up:
// rank gives a day's number, nth a number's day. The numbering starts with
// Monday 5 January 1970 as 1 and runs below it into zero and the negatives.
// Outside the table the plain week is a formula.
type table struct {
	ranks []uint16 // ranks[d-tableFirst]: working days from tableFirst to d
	days  []uint16 // days[i]: the i-th working day of the table, from tableFirst
}

// newTable builds the table of the notices, which must be sorted by part.
func newTable(notices []Notice) table {
	worked := make([]bool, tableLast-tableFirst+1)
	for i := range worked {
		worked[i] = weekdaysTo(tableFirst+Day(i)) != weekdaysTo(tableFirst+Day(i)-1)
	}
	for _, n := range notices {
		for _, s := range n.Spans {
			for d := s.First; d <= s.Last; d++ {
				worked[d-tableFirst] = s.Work
			}
		}
	}
	t := table{ranks: make([]uint16, len(worked))}
	for i, w := range worked {
		if w {
			t.days = append(t.days, uint16(i))
		}
		t.ranks[i] = uint16(len(t.days))
	}
	return t
}

// rank counts the working days up to and with d.
func (t *table) rank(d Day) int {
	before := weekdaysTo(tableFirst - 1)
	switch {
	case d < tableFirst:
		return weekdaysTo(d)
	case d > tableLast:
		return before + len(t.days) + weekdaysTo(d) - weekdaysTo(tableLast)
	default:
		return before + int(t.ranks[d-tableFirst])
	}
}

// nth gives the working day whose rank is n, held within the days a Day can
// name.
func (t *table) nth(n int) Day {
	before := weekdaysTo(tableFirst - 1)
	switch {
	case n <= before:
		return weekday(n)
	case n-before > len(t.days):
		return weekday(n - before - len(t.days) + weekdaysTo(tableLast))
	default:
		return tableFirst + Day(t.days[n-before-1])
	}
}

// monday is Monday 5 January 1970.
const monday = 4

// weekdaysTo counts Mondays to Fridays from that Monday up to and with d.
func weekdaysTo(d Day) int {
	week, day := floorDiv(int(d)-monday+1, 7)
	return week*5 + min(day, 5)
}

// weekday gives the n-th of those days.
func weekday(n int) Day {
	week, day := floorDiv(n-1, 5)
	if week > int(maxDay)/7 {
		return maxDay
	}
	if week < int(minDay)/7 {
		return minDay
	}
	return Day(monday + week*7 + day)
}

// floorDiv divides towards minus infinity; the remainder is never negative.
func floorDiv(a, b int) (quotient, remainder int) {
	q, r := a/b, a%b
	if r < 0 {
		return q - 1, r + b
	}
	return q, r
}
