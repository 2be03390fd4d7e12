// Package config owns every setting of Busbar: its name, default, environment variable, meaning, and what is wrong with a value. It is
// the only package that reads the environment. It knows none of the packages that the settings are for.
package config

import (
	"net/netip"
	"path/filepath"
)

// Serve is what `busbar serve` runs with.
type Serve struct {
	Listen           string   `name:"listen" default:"127.0.0.1:8080" env:"BUSBAR_LISTEN" placeholder:"HOST:PORT" help:"Address to answer on. Put a TLS proxy in front before you open it to a network."`
	PublicURL        string   `name:"public-url" env:"BUSBAR_PUBLIC_URL" placeholder:"URL" help:"Address under which others reach Busbar, for links. Default: http:// and the --listen address."`
	Data             string   `name:"data" default:"./busbar-data" env:"BUSBAR_DATA" placeholder:"DIR" help:"Directory of the database, the master key and the lock file. Made when it is missing."`
	Database         string   `name:"database" env:"BUSBAR_DATABASE" placeholder:"URL" help:"PostgreSQL database, postgres://USER:PASSWORD@HOST:5432/DATABASE, which any number of Busbars share. Empty: an SQLite file in --data. Prefer the variable: a flag is seen in the list of processes."`
	MasterKeyFile    string   `name:"master-key-file" env:"BUSBAR_MASTER_KEY_FILE" placeholder:"FILE" help:"File of the master key that wraps every connection's key. Default: master.key in --data, made at the first start."`
	MasterKey        string   `name:"master-key" env:"BUSBAR_MASTER_KEY" placeholder:"KEY" help:"The master key itself, instead of a file: 32 bytes in base64. Further keys, one a line, only open. Use the variable: a flag is seen in the list of processes."`
	MasterKeyCommand string   `name:"master-key-command" env:"BUSBAR_MASTER_KEY_COMMAND" placeholder:"COMMAND" help:"Shell command that prints the master key, such as one that asks a vault. Run at the start, and when the key is to be rotated."`
	NewKey           bool     `name:"new-key" env:"BUSBAR_NEW_KEY" placeholder:"true" help:"Make one more project key at this start and write it to busbar.env in --data: for when the first one was lost."`
	Connectors       string   `name:"connectors" env:"BUSBAR_CONNECTORS" placeholder:"DIR" help:"Directory of connectors of your own, one folder each, beside the built-in ones."`
	Files            string   `name:"files" env:"BUSBAR_FILES" placeholder:"DIR" help:"Directory below which connections may read and write files of this machine, such as a share that a system drops its files in. A further project than the first has only the directory in there that is named like its id. Empty: none."`
	Allow            []string `name:"allow" env:"BUSBAR_ALLOW" placeholder:"CIDR:PORT" help:"Private addresses that connections may reach, such as 10.1.0.0/16:443 or [fd00::/8]:8069. Repeat the flag, or separate with commas. Public addresses need no rule."`
	TrustedProxy     []string `name:"trusted-proxy" env:"BUSBAR_TRUSTED_PROXY" placeholder:"CIDR" help:"Addresses of proxies of your own in front of Busbar, such as 10.0.0.5/32: what they write in X-Forwarded-For and X-Forwarded-Proto is believed. Repeat the flag, or separate with commas."`
	OpenLinks        int      `name:"open-links" default:"10000" env:"BUSBAR_OPEN_LINKS" placeholder:"NUMBER" help:"Links to connect a system that a project may have open at once, each with its pending connection."`
	KeepFlowRuns     int      `name:"keep-flow-runs" default:"30" env:"BUSBAR_KEEP_FLOW_RUNS" placeholder:"DAYS" help:"Days for which runs of flows that have ended are kept, with what became of each of their items."`
	CAFile           string   `name:"ca-file" env:"BUSBAR_CA_FILE" placeholder:"FILE" help:"Certificates of authorities, in PEM form, that all connections trust besides those that this machine knows: for systems with certificates of your own authority."`
	OIDC
	Mail
	Log
}

// Mail is the server by which flows send mail; without MailServer they send none.
type Mail struct {
	MailServer       string `name:"mail-server" env:"BUSBAR_MAIL_SERVER" placeholder:"HOST:PORT" help:"Mail server that takes the mail of flows, such as smtp.example.com:587. One with a private address has to be allowed as any other (--allow). Empty: no mail."`
	MailTLS          string `name:"mail-tls" default:"starttls" env:"BUSBAR_MAIL_TLS" placeholder:"WAY" help:"How --mail-server is spoken to: starttls, tls (from the first byte, as on port 465), or none."`
	MailFrom         string `name:"mail-from" env:"BUSBAR_MAIL_FROM" placeholder:"ADDRESS" help:"Who the mail of flows is from, such as busbar@example.com or Busbar <busbar@example.com>."`
	MailUser         string `name:"mail-user" env:"BUSBAR_MAIL_USER" placeholder:"USER" help:"Login at --mail-server. Empty: it wants none."`
	MailPasswordFile string `name:"mail-password-file" env:"BUSBAR_MAIL_PASSWORD_FILE" placeholder:"FILE" help:"File with the password of --mail-user, read anew for each mail."`
}

// OIDC is the server of OpenID Connect at which members may log in; all empty: none.
type OIDC struct {
	OIDCIssuer       string `name:"oidc-issuer" env:"BUSBAR_OIDC_ISSUER" placeholder:"URL" help:"Server of OpenID Connect at which members may log in, as it spells its own address. Its redirect address for Busbar is --public-url with /login/oidc/callback. Empty: members log in with passwords only."`
	OIDCClientID     string `name:"oidc-client-id" env:"BUSBAR_OIDC_CLIENT_ID" placeholder:"ID" help:"Busbar's client id at --oidc-issuer."`
	OIDCClientSecret string `name:"oidc-client-secret" env:"BUSBAR_OIDC_CLIENT_SECRET" placeholder:"SECRET" help:"Busbar's secret there; empty for a public client. Prefer the variable, or --env-file: a flag is seen in the list of processes."`
}

// Demo is what `busbar demo` runs with.
type Demo struct {
	Listen   string `name:"listen" default:"127.0.0.1:8080" env:"BUSBAR_LISTEN" placeholder:"HOST:PORT" help:"Address to answer on."`
	Data     string `name:"data" default:"./busbar-demo" env:"BUSBAR_DATA" placeholder:"DIR" help:"Directory of the demo's data and of demo.env. Delete it to begin anew."`
	Database string `name:"database" env:"BUSBAR_DATABASE" placeholder:"URL" help:"Leave empty: the demo keeps its data in an SQLite file in --data."`
	DemoLog
}

// Log is how a server writes its log, which goes to standard error.
type Log struct {
	LogLevel  string `name:"log-level" default:"info" env:"BUSBAR_LOG_LEVEL" placeholder:"LEVEL" help:"Least important lines to log: debug, info, warn or error."`
	LogFormat string `name:"log-format" default:"auto" env:"BUSBAR_LOG_FORMAT" placeholder:"FORMAT" help:"text, json, or auto: text on a terminal and json elsewhere."`
}

// Common is what every command takes.
type Common struct {
	EnvFile EnvFile `name:"env-file" placeholder:"FILE" help:"File of BUSBAR_… lines, such as the demo.env that the demo writes. Variables of the environment win over it."`
}

// DemoLog is Log, quieter: the demo shows a progress bar.
type DemoLog struct {
	LogLevel  string `name:"log-level" default:"warn" env:"BUSBAR_LOG_LEVEL" placeholder:"LEVEL" help:"Least important lines to log: debug, info, warn or error."`
	LogFormat string `name:"log-format" default:"auto" env:"BUSBAR_LOG_FORMAT" placeholder:"FORMAT" help:"text, json, or auto: text on a terminal and json elsewhere."`
}

// Client is how the other commands reach a running Busbar.
type Client struct {
	URL        string `name:"url" default:"http://127.0.0.1:8080" env:"BUSBAR_URL" placeholder:"URL" help:"Address of Busbar."`
	Key        string `name:"key" env:"BUSBAR_KEY" placeholder:"bb_key_…" help:"Project key. Prefer the variable: a flag stays in the shell's history."`
	Token      string `name:"token" env:"BUSBAR_TOKEN" placeholder:"bb_con_…" help:"Connection token: enough for the commands that read, write and sync one connection. Used when --connection is not given, or when there is no key."`
	Connection string `name:"connection" short:"c" env:"BUSBAR_CONNECTION" placeholder:"ID" help:"Connection to work on, together with a project key."`
	Output     string `name:"output" short:"o" default:"table" env:"BUSBAR_OUTPUT" placeholder:"FORMAT" help:"table, or json: the API's own answer."`
}

// MasterKeyPath gives the file of the master key.
func (s Serve) MasterKeyPath() string {
	if s.MasterKeyFile != "" {
		return s.MasterKeyFile
	}
	return filepath.Join(s.Data, "master.key")
}

// Proxies gives the ranges of TrustedProxy, which Check has found to be good.
func (s Serve) Proxies() (ranges []netip.Prefix) {
	for _, text := range s.TrustedProxy {
		if p, err := netip.ParsePrefix(text); err == nil {
			ranges = append(ranges, p)
		}
	}
	return ranges
}

// Public gives the address under which others reach Busbar, without a slash at the end; listening is the address that it listens on.
func (s Serve) Public(listening string) string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	return "http://" + listening
}
