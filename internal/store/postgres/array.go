package postgres

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// encodeArraysAtOnce lets a connection send arrays of texts and of bytes in one go: pgx would let a megabyte of records grow from nothing each time.
func encodeArraysAtOnce(_ context.Context, c *pgx.Conn) error {
	for array, element := range map[uint32]uint32{pgtype.TextArrayOID: pgtype.TextOID, pgtype.ByteaArrayOID: pgtype.ByteaOID} {
		known, _ := c.TypeMap().TypeForOID(array)
		c.TypeMap().RegisterType(&pgtype.Type{Name: known.Name, OID: array, Codec: arrayCodec{known.Codec.(*pgtype.ArrayCodec), element}})
	}
	return nil
}

type arrayCodec struct {
	*pgtype.ArrayCodec
	element uint32
}

// PlanEncode is pgtype.Codec's.
func (c arrayCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.([][]byte); ok && format == pgtype.BinaryFormatCode {
		return elements(c.element)
	}
	return c.ArrayCodec.PlanEncode(m, oid, format, value)
}

// elements encodes an array whose elements are of that type.
type elements uint32

// arrayHead is the length of what stands in front of the elements.
const arrayHead = 5 * 4

// Encode is pgtype.EncodePlan's: dimensions, whether there are nulls, the type, the length and the first index, then each element behind its length.
func (e elements) Encode(value any, buf []byte) ([]byte, error) {
	list := value.([][]byte)
	size := arrayHead
	for _, element := range list {
		size += 4 + len(element)
	}
	buf = slices.Grow(buf, size)
	for _, n := range []uint32{1, 0, uint32(e), uint32(len(list)), 1} {
		buf = binary.BigEndian.AppendUint32(buf, n)
	}
	for _, element := range list {
		buf = append(binary.BigEndian.AppendUint32(buf, uint32(len(element))), element...)
	}
	return buf, nil
}
