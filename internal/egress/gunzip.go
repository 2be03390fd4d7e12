package egress

import (
	"compress/gzip"
	"errors"
	"fmt"
)

// Compression beyond maxRatio is refused once freeOutput bytes have come out.
const (
	maxRatio   = 100
	freeOutput = 1 << 20
)

// gunzip decompresses while it is read and watches the ratio.
type gunzip struct {
	wire *idleReader
	zip  *gzip.Reader
	out  int64
}

func (g *gunzip) Read(p []byte) (int, error) {
	if g.zip == nil {
		zip, err := gzip.NewReader(g.wire)
		if err != nil {
			return 0, damaged(err)
		}
		g.zip = zip
	}
	n, err := g.zip.Read(p)
	g.out += int64(n)
	if g.out > freeOutput && g.out > maxRatio*g.wire.read {
		return 0, fmt.Errorf("%w: compressed more than %d to 1", ErrTooLarge, maxRatio)
	}
	return n, damaged(err)
}

// damaged names errors of the gzip format; those of the wire stay what they are.
func damaged(err error) error {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	return err
}
