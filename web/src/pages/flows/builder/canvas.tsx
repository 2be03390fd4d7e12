import "@xyflow/react/dist/style.css";
import { Background, Controls, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import { ArrowDownUp, Bell, Clock, CornerDownRight, Filter, GitBranch, Globe, List, type LucideIcon, Pencil, Plus, Repeat, Search, Shuffle, Zap } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import { cx } from "@/ui/cx";
import { kindOf, kinds } from "./schema";
import { gist, place, type Placed, type Path, size, type Step, triggerGist } from "./tree";

const icons: Record<string, LucideIcon> = { trigger: Zap, list: List, get: Search, find: Search, transform: Shuffle, filter: Filter, branch: GitBranch, each: Repeat, write: Pencil, request: Globe, wait: Clock, notify: Bell, call: CornerDownRight };

type Data = { placed: Placed; title: string; text: string; wrong: boolean; chosen: boolean; add: (path: Path, at: number, kind: string) => void };

function StepNode({ data: d }: NodeProps<Node<Data>>) {
  const kind = d.placed.step ? kindOf(d.placed.step) : "trigger";
  const Icon = icons[kind] ?? ArrowDownUp;
  return (
    <div className={cx("flex size-full items-center gap-3 rounded-lg border bg-surface px-3 text-left", d.chosen ? "border-ink ring-2 ring-ink" : d.wrong ? "border-bad" : "border-edge", kind === "trigger" && "rounded-full")}>
      <Handle type="target" position={Position.Top} className="invisible" />
      <span className={cx("grid size-8 shrink-0 place-items-center rounded-md", d.wrong ? "bg-bad-soft text-bad" : "bg-accent-soft text-ink")}><Icon size={16} aria-hidden /></span>
      <span className="min-w-0">
        <span className="block truncate text-sm font-semibold">{d.title}</span>
        <span className="block truncate text-xs text-muted">{d.text}</span>
      </span>
      <Handle type="source" position={Position.Bottom} className="invisible" />
    </div>
  );
}

const under = { left: size.w / 2 }; // below the middle of the step that a block belongs to

function BlockNode({ data: d }: NodeProps<Node<Data>>) {
  return (
    <div className="size-full rounded-xl border border-dashed border-edge bg-sunken/60 px-4 py-2 text-xs font-semibold text-muted">
      <Handle type="target" position={Position.Top} className="invisible" style={under} />
      <span className="block truncate">{d.text}</span>
      <Handle type="source" position={Position.Bottom} className="invisible" style={under} />
    </div>
  );
}

function AddNode({ data: d }: NodeProps<Node<Data>>) {
  return (
    <label className="nodrag relative inline-flex min-h-7 items-center gap-1.5 rounded-lg border border-dashed border-edge bg-surface px-2.5 text-xs font-semibold text-muted hover:text-text">
      <Plus size={13} aria-hidden />
      Add a step
      <select aria-label="Add a step" value="" className="absolute inset-0 opacity-0" onChange={(e) => d.add(d.placed.path, d.placed.at ?? 0, e.target.value)}>
        <option value="" disabled>Kind</option>
        {kinds.map((k) => (
          <option key={k} value={k}>{k}</option>
        ))}
      </select>
    </label>
  );
}

const types = { step: StepNode, trigger: StepNode, block: BlockNode, add: AddNode };

interface Props {
  doc: { trigger?: unknown; steps?: Step[] };
  at: Path; // what is chosen
  wrong: Set<string>; // paths with problems
  fixed: boolean;
  choose: (path: Path) => void;
  add: (path: Path, at: number, kind: string) => void;
  move: (by: -1 | 1) => void;
  remove: () => void;
}

const canChoose = (p: Placed) => p.kind === "step" || p.kind === "trigger";

/** Canvas draws a document. All that can be done on it by mouse can be done by keyboard. */
export function Canvas({ doc, at, wrong, fixed, choose, add, move, remove }: Props) {
  const chosen = at.join(".");
  const box = useRef<HTMLDivElement>(null);
  const follow = useRef(false);
  const placed = useMemo(() => place(doc), [doc]);
  const nodes = placed
    .filter((p) => !fixed || p.kind !== "add")
    .map((p): Node<Data> => ({
      id: p.id,
      type: p.kind,
      position: { x: p.x, y: p.y },
      width: p.w,
      height: p.h,
      draggable: false,
      selectable: canChoose(p),
      focusable: canChoose(p),
      zIndex: p.kind === "block" ? 0 : 1,
      ariaLabel: p.step ? `Step ${p.step.id ?? ""}, ${kindOf(p.step)}` : p.kind === "trigger" ? "What begins it" : p.kind,
      data: {
        placed: p,
        title: p.step ? (p.step.id ?? kindOf(p.step)) : "Begins",
        text: p.kind === "block" ? (p.name ?? "") : p.step ? `${kindOf(p.step)}: ${gist(p.step)}` : triggerGist(doc.trigger),
        wrong: [...wrong].some((w) => w === p.id || (canChoose(p) && w.startsWith(`${p.id}.`) && !/\.steps\.\d/.test(w.slice(p.id.length)))),
        chosen: p.id === chosen,
        add,
      },
    }));
  const edges = placed.filter((p) => p.after).map((p): Edge => ({ id: `${p.after}-${p.id}`, source: p.after!, target: p.id, type: p.kind === "block" ? "smoothstep" : "straight", focusable: false, selectable: false }));
  const focus = (id: string) => box.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`)?.focus();
  useEffect(() => {
    if (follow.current) focus(chosen);
    follow.current = false;
  }, [chosen, doc]);
  const keys = (e: KeyboardEvent) => {
    const id = (e.target as HTMLElement).closest<HTMLElement>(".react-flow__node")?.dataset.id;
    const all = placed.filter(canChoose);
    const i = all.findIndex((p) => p.id === id);
    if (i < 0 || e.ctrlKey || e.metaKey || (e.target as HTMLElement).tagName === "SELECT") return;
    const p = all[i]!;
    const by = e.key === "ArrowUp" ? -1 : e.key === "ArrowDown" ? 1 : undefined;
    if (by && e.altKey) {
      if (p.id !== chosen) choose(p.path);
      else if (!fixed) move(by);
      follow.current = true;
    } else if (by) focus(all[i + by]?.id ?? p.id);
    else if (e.key === "Enter" || e.key === " ") choose(p.path);
    else if (e.key === "Delete" || e.key === "Backspace") {
      if (p.id !== chosen) choose(p.path);
      else if (!fixed) remove();
    } else if (e.key === "n") {
      choose(p.path);
      requestAnimationFrame(() => document.getElementById("add-behind")?.focus());
    } else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div ref={box} className="size-full" onKeyDownCapture={keys}>
      <ReactFlow nodes={nodes} edges={edges} nodeTypes={types} onNodeClick={(_, n) => canChoose(n.data.placed) && choose(n.data.placed.path)} onPaneClick={() => choose([])} defaultViewport={{ x: 40, y: 24, zoom: 0.9 }} minZoom={0.2} maxZoom={1.5} nodesConnectable={false} proOptions={{ hideAttribution: true }} deleteKeyCode={null} zoomOnScroll={false} panOnScroll>
        <Background gap={20} color="var(--line)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}
