import { BaseEdge, type EdgeProps, getBezierPath, getSmoothStepPath } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";
import { useDetail } from "./detail";
import type { WireEdge } from "./flowElements";
import { CARD, GRID, laneBack } from "./geometry";
import { bindEdge } from "./liveEdge";
import { useRoute } from "./routes";

/** Pixels from the middle of a line of text down to its baseline. */
const BASELINE = 4;

/** One edge. Its label says the role where it is not the plain one, and the rate during a run. */
function Line(props: EdgeProps<WireEdge>) {
  const {
    id,
    source,
    target,
    data,
    selected,
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition,
    targetPosition,
  } = props;
  const isFar = useDetail() !== "near";
  const group = useRef<SVGGElement>(null);
  const text = useRef<SVGTextElement>(null);
  const ends = { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition };
  const isBack = targetX < sourceX;
  const route = useRoute(id, ends);
  // without a planned way: a curve back would run behind the cards of its ends
  const [plainPath, plainX, plainY] = isBack
    ? getSmoothStepPath({
        ...ends,
        centerY: laneBack(sourceY, targetY),
        offset: GRID,
        borderRadius: GRID / 2,
      })
    : getBezierPath(ends);
  // above a level line; on one that climbs in the middle, which lies between two rows of cards and not beside them
  const offset = !isBack && Math.abs(sourceY - targetY) > CARD.height / 2 ? 4 : -8;
  const path = route?.path ?? plainPath;
  const [labelX, labelY] = route?.label
    ? [route.label[0], route.label[1] + BASELINE]
    : [plainX, plainY + offset];
  const role = data?.role ?? "publish";
  const label = data?.label ?? role;
  const isPlain = label === "publish" || label === "consume" || label === "invoke";
  const resting = isPlain && !selected ? "" : label;

  useEffect(() => {
    const line = group.current?.querySelector<SVGPathElement>(".react-flow__edge-path");
    if (!line) return undefined;
    return bindEdge(id, target, role, { path: line, label: isFar ? null : text.current, resting });
  }, [id, target, role, resting, isFar]);

  const state = data?.errors ? "has-errors" : data?.warnings ? "has-warnings" : "";
  return (
    <g ref={group} className={`wire role-${role} ${state}`} data-from={source} data-to={target}>
      <BaseEdge
        id={id}
        path={path}
        interactionWidth={props.interactionWidth ?? 20}
        {...(props.markerEnd ? { markerEnd: props.markerEnd } : {})}
      />
      <text ref={text} className="wire-label" x={labelX} y={labelY} textAnchor="middle">
        {resting}
      </text>
      {isPlain && !selected && (
        <text
          className="wire-label on-hover"
          x={labelX}
          y={route?.label ? labelY : plainY + 16}
          textAnchor="middle"
        >
          {label}
        </text>
      )}
    </g>
  );
}

export const WireLine = memo(Line);
