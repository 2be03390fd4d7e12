package mapping

import (
	"crypto/sha1" //nolint:gosec // RFC 9562 defines version 5 with it

	"github.com/google/uuid"
)

// RecordID is the id of a record: the UUIDv5 in the namespace of the connection over `entity NUL remoteID`. Neither part may
// hold a NUL, so no two records share a name.
func RecordID(connection uuid.UUID, entity, remoteID string) uuid.UUID {
	return derive(connection, entity, []byte(remoteID))
}

// derive gives the UUIDv5 in a namespace over `kind NUL key`. The id of a list's element is derived in the namespace of its
// record, over the list's name and the element's remote id.
func derive(space uuid.UUID, kind string, key []byte) uuid.UUID {
	var room [128]byte
	name := append(room[:0], space[:]...)
	name = append(append(name, kind...), 0)
	sum := sha1.Sum(append(name, key...))
	id := uuid.UUID(sum[:16])
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}
