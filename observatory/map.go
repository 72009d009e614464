package observatory

import (
	"context"
	"encoding/json"
	"errors"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// mapLine is where the map stands among the reference: one for an installation.
var mapLine = lineKey{"map", "map"}

// mapMost bounds a map, in bytes of GeoJSON.
const mapMost = 2 << 20

// EnterMap keeps the map of the subjects: a GeoJSON FeatureCollection whose
// features have the properties code and name. There is none on the network that
// the screens could ask.
func (d *Desk) EnterMap(ctx context.Context, who auth.Principal, data []byte, key string) (Done, error) {
	var m struct {
		Type     string `json:"type"`
		Features []struct {
			Properties struct{ Code, Name string }
		} `json:"features"`
	}
	err := json.Unmarshal(data, &m)
	if err == nil && (m.Type != "FeatureCollection" || len(m.Features) == 0 || m.Features[0].Properties.Code == "") {
		err = errors.New("no features with a code")
	}
	if err != nil || len(data) > mapMost {
		return Done{}, fault.At("observatory.EnterMap", "file", "地图应为不超过2 MB的 GeoJSON，每块带 code 和 name。", "A map is GeoJSON of at most 2 MB whose features have code and name.")
	}
	c := &entering{write: d.write(who, key), sort: mapLine.Sort, rows: []line{{"code": mapLine.Code, "geojson": string(data)}}}
	return d.do(ctx, &c.write, EventReference, c)
}

// Map gives the map; nil when none was entered.
func (d *Desk) Map(ctx context.Context) (json.RawMessage, error) {
	found, err := store.Collect(ctx, d.DB, func(row store.Scanner) (text string, err error) {
		err = row.Scan(&text)
		return text, err
	}, "SELECT about FROM observed WHERE sort = ? AND code = ?", string(mapLine.Sort), mapLine.Code)
	if err != nil || len(found) == 0 {
		return nil, fault.Wrap("observatory.Map", err)
	}
	l := line{}
	err = json.Unmarshal([]byte(found[0]), &l)
	return json.RawMessage(l["geojson"]), fault.Wrap("observatory.Map", err)
}
