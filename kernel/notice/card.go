package notice

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// Messenger sends message cards through the open API of 政务微信 and 企业微信,
// which are one API at different addresses (developer.work.weixin.qq.com, 获取
// access_token 91039, 发送应用消息 90236, 全局错误码 90313): a token is fetched and kept
// until shortly before it ends; a card has a title, lines and a link; and the same
// request sent again within four hours (enable_duplicate_check) does not reach the
// person a second time.
type Messenger struct {
	Application
	client *http.Client
	mu     sync.Mutex
	token  string
	until  time.Time
}

// Application is an application of the messenger, as its administrator registers it.
type Application struct {
	API    string // https://qyapi.weixin.qq.com, or the address inside the government network
	Corp   string // corpid
	Secret string // corpsecret
	Agent  int64  // agentid
	Clock  clock.Clock
}

// sameFor is the longest interval of the duplicate check.
const sameFor = 4 * time.Hour

// NewMessenger makes the channel. Nothing is asked yet.
func NewMessenger(m Application) (*Messenger, error) {
	u, err := url.Parse(m.API)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fault.At("notice.NewMessenger", "--card-api", "应为政务微信接口的地址，如 https://qyapi.weixin.qq.com。", "The address of the messenger's API is wanted, such as https://qyapi.weixin.qq.com.")
	}
	if m.Corp == "" || m.Secret == "" || m.Agent == 0 {
		return nil, fault.At("notice.NewMessenger", "--card-corp", "还需 --card-corp、--card-agent 和 --card-secret-file。", "--card-corp, --card-agent and --card-secret-file are wanted too.")
	}
	m.API = strings.TrimSuffix(m.API, "/")
	return &Messenger{
		Application: m,
		client: &http.Client{
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Traits implements Channel.
func (m *Messenger) Traits() Traits { return Traits{Name: Card, Address: true, Again: sameFor} }

// The codes of the API that we know how to answer.
const (
	cardUser     = 40003 // 无效的 UserID
	cardToken    = 40014 // 不合法的 access_token
	cardExpired  = 42001 // access_token 已过期
	cardTooOften = 45009 // 接口调用超过限制
	cardAtOnce   = 45033 // 接口并发调用超过限制
	cardNoTaker  = 81013 // 接收人全部不合法
	cardUnknown  = 60111 // 用户不存在
)

// Send implements Channel.
func (m *Messenger) Send(ctx context.Context, l Letter) (string, error) {
	for fresh := false; ; fresh = true {
		token, err := m.access(ctx, fresh)
		if err != nil {
			return "", err
		}
		a, err := m.message(ctx, token, l)
		switch {
		case err != nil:
			return "", err
		case (a.Code == cardToken || a.Code == cardExpired) && !fresh:
			continue // it was withdrawn before its time
		case a.Code == cardNoTaker, a.Code == cardUser, a.Code == cardUnknown, a.Code == 0 && slices.Contains(strings.Split(strings.ToLower(a.Invalid), "|"), strings.ToLower(l.To)):
			return "", &NotSent{Code: fmt.Sprintf("card %d user", a.Code), Final: true}
		case a.Code == 0:
			return a.ID, nil
		case a.Code == cardTooOften || a.Code == cardAtOnce:
			return "", &NotSent{Code: fmt.Sprintf("card %d", a.Code), After: time.Minute}
		}
		return "", &NotSent{Code: fmt.Sprintf("card %d", a.Code)} // busy, or the administrator's to mend
	}
}

// cardAnswer is what the API says.
type cardAnswer struct {
	Code    int    `json:"errcode"`
	Token   string `json:"access_token"`
	Expires int64  `json:"expires_in"` // s
	Invalid string `json:"invaliduser"`
	ID      string `json:"msgid"`
}

// access gives a token; renew asks for another one though ours has not ended.
func (m *Messenger) access(ctx context.Context, renew bool) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !renew && m.token != "" && m.Clock.Now().Before(m.until) {
		return m.token, nil
	}
	q := url.Values{"corpid": {m.Corp}, "corpsecret": {m.Secret}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.API+"/cgi-bin/gettoken?"+q.Encode(), nil)
	if err != nil {
		return "", &NotSent{Code: "card address"}
	}
	res, err := m.client.Do(req)
	if err != nil { // its words would hold the secret
		return "", &NotSent{Code: "card token connect"}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, answerMost))
	var a cardAnswer
	if err != nil || res.StatusCode != http.StatusOK || json.Unmarshal(text, &a) != nil {
		return "", &NotSent{Code: fmt.Sprintf("card token http %d", res.StatusCode)}
	}
	if a.Code != 0 || a.Token == "" {
		return "", &NotSent{Code: fmt.Sprintf("card token %d", a.Code)}
	}
	life := time.Duration(a.Expires) * time.Second
	m.token, m.until = a.Token, m.Clock.Now().Add(life-life/10)
	return m.token, nil
}

// message sends one card.
func (m *Messenger) message(ctx context.Context, token string, l Letter) (a cardAnswer, err error) {
	lines := []string{}
	for _, t := range l.lines()[1:] {
		lines = append(lines, `<div class="gray">`+html.EscapeString(t.ZH)+`</div>`)
	}
	body, err := json.Marshal(map[string]any{
		"touser": l.To, "msgtype": "textcard", "agentid": m.Agent,
		"textcard":               map[string]any{"title": l.Text.ZH, "description": strings.Join(lines, ""), "url": l.Link, "btntxt": "打开办理"},
		"enable_duplicate_check": 1, "duplicate_check_interval": int64(sameFor / time.Second),
	})
	if err != nil {
		return a, &NotSent{Code: "card letter", Final: true}
	}
	status, text, err := post(ctx, m.client, m.API+"/cgi-bin/message/send?access_token="+url.QueryEscape(token), http.Header{}, body)
	if err != nil {
		return a, err
	}
	if status != http.StatusOK || json.Unmarshal(text, &a) != nil {
		return a, fmt.Errorf("card: an answer that is none, http %d", status)
	}
	return a, nil
}
