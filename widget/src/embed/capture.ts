/** One picture of a window or tab that the customer chooses, with an arrow and with parts blurred before it is sent. */

const PEN = "#e01b24";
const STEP = 0.02; // of the picture, for each press of an arrow key
const CELLS = 6; // along the longer side of what is blurred: too few to read anything

type Point = readonly [x: number, y: number];
type Mark = { hides: boolean; from: Point; to: Point };

const ARROWS: Record<string, Point> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/** A still of what the customer chooses to show. Raises when they show nothing. */
const still = async (): Promise<HTMLCanvasElement> => {
  const stream = await navigator.mediaDevices.getDisplayMedia({ video: true });
  try {
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = stream;
    await video.play();
    const made = document.createElement("canvas");
    made.width = video.videoWidth;
    made.height = video.videoHeight;
    made.getContext("2d")?.drawImage(video, 0, 0);
    return made;
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
};

/** The picture as a file, or null when the customer takes it back. */
export const capture = async (dialog: HTMLDialogElement): Promise<File | null> => {
  const ground = await still();
  const board = dialog.querySelector("canvas") as HTMLCanvasElement;
  const pen = board.getContext("2d") as CanvasRenderingContext2D;
  const stop = new AbortController();
  const on = { signal: stop.signal };
  let marks: Mark[] = [];
  let hides = false;
  let begun: Point | null = null;
  let at: Point = [0.5, 0.5];
  let byKeys = false;
  board.width = ground.width;
  board.height = ground.height;

  const blur = ({ from, to }: Mark): void => {
    const x = Math.min(from[0], to[0]) * board.width;
    const y = Math.min(from[1], to[1]) * board.height;
    const width = Math.max(1, Math.abs(from[0] - to[0]) * board.width);
    const height = Math.max(1, Math.abs(from[1] - to[1]) * board.height);
    const cell = Math.max(width, height) / CELLS;
    const small = document.createElement("canvas");
    small.width = Math.max(1, Math.round(width / cell));
    small.height = Math.max(1, Math.round(height / cell));
    const brush = small.getContext("2d") as CanvasRenderingContext2D;
    brush.imageSmoothingQuality = "high";
    brush.drawImage(board, x, y, width, height, 0, 0, small.width, small.height);
    pen.drawImage(small, 0, 0, small.width, small.height, x, y, width, height);
  };

  const stroke = (points: readonly Point[], width: number, colour: string): void => {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    for (const [x, y] of points) pen.lineTo(x, y);
    pen.stroke();
  };

  const arrow = ({ from, to }: Mark): void => {
    const [x, y]: Point = [to[0] * board.width, to[1] * board.height];
    const [left, top]: Point = [from[0] * board.width, from[1] * board.height];
    const width = Math.max(4, board.width / 200);
    const head = width * 5;
    const angle = Math.atan2(y - top, x - left);
    const wing = (turn: number): Point => [x - head * Math.cos(angle + turn), y - head * Math.sin(angle + turn)];
    for (const [wide, colour] of [
      [width * 1.8, "#fff"],
      [width, PEN],
    ] as const) {
      stroke([[left, top], [x, y]], wide, colour); // biome-ignore format: one line
      stroke([wing(0.5), [x, y], wing(-0.5)], wide, colour);
    }
  };

  const show = (whole = true): void => {
    pen.drawImage(ground, 0, 0);
    const all = begun && whole ? [...marks, { hides, from: begun, to: at }] : marks;
    for (const mark of all) if (mark.hides) blur(mark);
    const pointing = all.filter((mark) => !mark.hides).at(-1); // one arrow
    if (pointing) arrow(pointing);
    if (!byKeys || !whole) return;
    const [x, y] = [at[0] * board.width, at[1] * board.height];
    const arm = (STEP / 2) * board.width;
    stroke([[x - arm, y], [x + arm, y]], 2, PEN); // biome-ignore format: one mark
    stroke([[x, y - arm], [x, y + arm]], 2, PEN); // biome-ignore format: one mark
  };

  const end = (): void => {
    if (begun && (Math.abs(begun[0] - at[0]) > 0.005 || Math.abs(begun[1] - at[1]) > 0.005)) {
      marks = hides ? marks : marks.filter((mark) => mark.hides);
      marks.push({ hides, from: begun, to: at });
    }
    begun = null;
    show();
  };

  const under = ({ clientX, clientY }: PointerEvent): Point => {
    const { left, top, width, height } = board.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  };

  const listen = <E extends Event>(target: Element, kind: string, act: (event: E) => void): void =>
    target.addEventListener(kind, act as EventListener, on);

  listen<PointerEvent>(board, "pointerdown", (event) => {
    board.setPointerCapture(event.pointerId);
    byKeys = false;
    begun = at = under(event);
  });
  listen<PointerEvent>(board, "pointermove", (event) => {
    if (!board.hasPointerCapture(event.pointerId)) return;
    at = under(event);
    show();
  });
  listen<PointerEvent>(board, "pointerup", end);
  listen<KeyboardEvent>(board, "keydown", (event) => {
    const step = ARROWS[event.key];
    const within = (share: number): number => Math.min(1, Math.max(0, share));
    if (step) at = [within(at[0] + step[0]), within(at[1] + step[1])];
    else if (event.key === "Enter" && begun) end();
    else if (event.key === "Enter") begun = at;
    else return;
    event.preventDefault();
    byKeys = true;
    show();
  });

  const button = (id: string): HTMLElement => dialog.querySelector(id) as HTMLElement;
  const choose = (on: boolean): void => {
    hides = on;
    button("#tool-arrow").ariaPressed = String(!on);
    button("#tool-hide").ariaPressed = String(on);
  };
  listen(button("#tool-arrow"), "click", () => choose(false));
  listen(button("#tool-hide"), "click", () => choose(true));
  listen(button("#board-undo"), "click", () => {
    marks.pop();
    show();
  });
  choose(false);
  show();
  dialog.showModal();
  board.focus();

  return new Promise((done) => {
    let taken: Blob | null = null;
    listen(button("[data-close]"), "click", () => dialog.close());
    listen(button("#board-done"), "click", () => {
      show(false);
      board.toBlob((picture) => {
        taken = picture;
        dialog.close();
      });
    });
    dialog.addEventListener(
      "close",
      () => {
        stop.abort();
        done(taken && new File([taken], "window.png", { type: taken.type }));
      },
      { once: true },
    );
  });
};
