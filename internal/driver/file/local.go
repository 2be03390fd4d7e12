package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
)

// local gives a directory below the one that the operator allows.
type local struct {
	config driver.Config
	dir    string
}

func newLocal(c driver.Config) (places, error) {
	dir := path.Clean("/" + strings.TrimSpace(c.Credentials.Get(fieldPath)))[1:]
	if dir == "" {
		dir = "."
	}
	if strings.Contains(c.Credentials.Get(fieldPath), "..") {
		return nil, &driver.Error{Kind: driver.Credentials, Field: fieldPath, Detail: "The directory is named from the one that the operator allows, without .. in it."}
	}
	return &local{config: c, dir: dir}, nil
}

func (l *local) about() string { return "the directory " + l.dir }
func (l *local) close() error  { return nil }

// root opens the directory. No path and no link leads out of it.
func (l *local) root() (*os.Root, error) {
	if l.config.Files == nil {
		return nil, &driver.Error{Kind: driver.Permission, Field: fieldPath,
			Detail: "This Busbar reads no directories of its own machine. Its operator can allow one (--files DIR, and DIR/<id of the project> for a further project); the path is then named from there."}
	}
	root, err := l.config.Files.OpenRoot(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &driver.Error{Kind: driver.Invalid, Field: fieldPath, Detail: "There is no directory " + l.dir + " below the one that the operator allows.", Err: err}
	}
	if err != nil {
		return nil, &driver.Error{Kind: driver.Permission, Field: fieldPath, Detail: "The directory " + l.dir + " cannot be opened.", Err: err}
	}
	return root, nil
}

func (l *local) within(ctx context.Context, do func(place) error) error {
	return explain(l, l.config.Line.Call(ctx, func(context.Context) error { return l.on(do) }, silent))
}

func (l *local) send(ctx context.Context, do func(p place, pass func() error) error) error {
	err := l.config.Line.Send(ctx, func(_ context.Context, pass func() error) error {
		return l.on(func(p place) error { return do(p, pass) })
	}, silent)
	return unsent(explain(l, err), egress.Unsent(err))
}

func (l *local) on(do func(place) error) error {
	root, err := l.root()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return do(folder{root})
}

// folder is a directory of this machine.
type folder struct{ root *os.Root }

func (f folder) list(dir string) ([]entry, error) {
	d, err := f.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	found, err := d.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	var files []entry
	for _, e := range found {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() {
			files = append(files, entryOf(info))
		}
	}
	return files, nil
}

func entryOf(i fs.FileInfo) entry { return entry{i.Name(), i.Size(), i.ModTime().UTC()} }

func (f folder) open(name string) (content, error) {
	if _, err := f.stat(name); err != nil {
		return nil, err
	}
	return f.opened(name, os.O_RDONLY)
}

// opened opens a file. One that has become a pipe meanwhile is none, and holds nobody up.
func (f folder) opened(name string, flags int) (*os.File, error) {
	file, err := f.root.OpenFile(name, flags|syscall.O_NONBLOCK, 0o640)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(errNoFile, err, file.Close())
	}
	return file, nil
}

func (f folder) stat(name string) (entry, error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return entry{}, err
	}
	if !info.Mode().IsRegular() {
		return entry{}, errNoFile
	}
	return entryOf(info), nil
}

func (f folder) write(name string, text []byte, fresh bool) error {
	flags := writeAnew
	if fresh {
		flags = writeFresh
	}
	file, err := f.opened(name, flags)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	f.settle(name)
	return nil
}

func (f folder) move(from, to string) error {
	err := f.root.Rename(from, to)
	if err == nil {
		f.settle(to)
	}
	return err
}

// settle brings a name to the disk, in its order among the others; not every file system has a call for that.
func (f folder) settle(name string) {
	if dir, err := f.root.Open(path.Dir(name)); err == nil {
		_ = errors.Join(dir.Sync(), dir.Close())
	}
}

func (f folder) remove(name string) error { return f.root.Remove(name) }
func (f folder) close() error             { return nil }

func (f folder) ensure(dir string) error {
	if err := f.root.Mkdir(dir, 0o750); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
