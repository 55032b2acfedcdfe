/** A still of the customer's screen, with marks on it, and how it becomes a picture to send. A file of its own, fetched
 * with the first press. */

const PEN = "#e01b24";
const STEP = 0.02; // of the picture, for each press of an arrow key
const RING = 0.04;

type Point = readonly [x: number, y: number];

const ARROWS: Record<string, Point> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/** Opens the dialog with a still of the video; `send` gets the picture. */
export const draw = (dialog: HTMLDialogElement, still: HTMLCanvasElement, send: (picture: Blob) => void): void => {
  const board = dialog.querySelector("canvas") as HTMLCanvasElement;
  const pen = board.getContext("2d") as CanvasRenderingContext2D;
  const stop = new AbortController();
  const on = { signal: stop.signal };
  let lines: Point[][] = [];
  let mark: Point | null = null;
  board.width = still.width;
  board.height = still.height;

  const stroke = (points: readonly Point[], width: number): void => {
    pen.lineWidth = width;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    for (const [x, y] of points) pen.lineTo(x * board.width, y * board.height);
    pen.stroke();
  };

  const show = (marked = true): void => {
    pen.drawImage(still, 0, 0);
    const width = Math.max(3, board.width / 250);
    for (const line of lines) {
      pen.strokeStyle = "#fff"; // seen on any ground
      stroke(line, width * 1.8);
      pen.strokeStyle = PEN;
      stroke(line, width);
    }
    if (!mark || !marked) return;
    const [x, y] = mark;
    pen.strokeStyle = PEN;
    stroke([[x - STEP / 2, y], [x + STEP / 2, y]], width / 2); // biome-ignore format: one mark
    stroke([[x, y - STEP / 2], [x, y + STEP / 2]], width / 2); // biome-ignore format: one mark
  };

  const under = ({ clientX, clientY }: PointerEvent): Point => {
    const { left, top, width, height } = board.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  };

  const ring = ([x, y]: Point): Point[] => {
    const tall = (RING * board.width) / board.height;
    return Array.from({ length: 33 }, (_, at): Point => {
      const angle = (at / 16) * Math.PI;
      return [x + RING * Math.cos(angle), y + tall * Math.sin(angle)];
    });
  };

  board.addEventListener(
    "pointerdown",
    (event) => {
      board.setPointerCapture(event.pointerId);
      mark = null;
      lines.push([under(event)]);
    },
    on,
  );
  board.addEventListener(
    "pointermove",
    (event) => {
      if (!board.hasPointerCapture(event.pointerId)) return;
      lines.at(-1)?.push(under(event));
      show();
    },
    on,
  );
  board.addEventListener(
    "keydown",
    (event) => {
      const step = ARROWS[event.key];
      const [x, y] = mark ?? [0.5, 0.5];
      const within = (share: number): number => Math.min(1, Math.max(0, share));
      if (step) mark = [within(x + step[0]), within(y + step[1])];
      else if (event.key === "Enter") lines.push(ring([x, y]));
      else return;
      event.preventDefault();
      show();
    },
    on,
  );
  const press = (selector: string, act: () => void): void =>
    dialog.querySelector(selector)?.addEventListener("click", act, on);
  press("#undo", () => {
    lines = lines.slice(0, -1);
    show();
  });
  press("[data-close]", () => dialog.close());
  press("#send-drawing", () => {
    show(false);
    board.toBlob((picture) => {
      if (picture) send(picture);
      dialog.close();
    });
  });
  dialog.addEventListener("close", () => stop.abort(), { once: true });
  show();
  dialog.showModal();
  board.focus();
};
