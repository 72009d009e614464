package claim

import "touyan.dev/touyan/observatory/panel"

// Dictionary gives the indicators that texts may speak of, by code. It may hold
// more than a panel: what the panel lacks is a claim without data.
type Dictionary map[string]panel.Indicator

// BuiltIn is the dictionary that comes with the program.
func BuiltIn() (Dictionary, error) { return ReadDictionary(panel.Dictionary()) }

// ReadDictionary reads a table of indicators, as panel.DescribeIndicators takes it.
func ReadDictionary(data []byte) (Dictionary, error) {
	list, err := panel.ReadIndicators(data)
	out := Dictionary{}
	for _, x := range list {
		out[x.Code] = x
	}
	return out, err
}

// With gives the dictionary with indicators added; a code given again is replaced.
func (d Dictionary) With(more Dictionary) Dictionary {
	out := Dictionary{}
	for _, from := range []Dictionary{d, more} {
		for code, x := range from {
			out[code] = x
		}
	}
	return out
}
