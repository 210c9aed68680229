function e({ model: e, el: n }) {
	let r = new t(e, n);
	return () => r.leave();
}
var t = class {
	model;
	element;
	name = Math.random().toString(36).slice(2);
	frame = document.createElement("iframe");
	waiting = document.createElement("p");
	looks = new MutationObserver(() => this.followTheme());
	port = null;
	constructor(e, t) {
		this.model = e, this.element = t, this.waiting.textContent = "The workbench is on its way: it comes once the kernel has nothing else to do.", this.frame.title = "lamina workbench", this.frame.allow = "clipboard-write", this.frame.addEventListener("load", this.handOverPort), t.append(this.waiting), e.on("msg:custom", this.handle), e.on("change:height", this.followHeight), this.post({
			do: "ask",
			id: 0,
			path: "/",
			query: {}
		});
	}
	leave() {
		this.post({ do: "leave" }), this.model.off("msg:custom", this.handle), this.model.off("change:height", this.followHeight), this.looks.disconnect(), this.port?.close(), this.frame.remove();
	}
	post(e, t = []) {
		this.model.send({
			...e,
			page: this.name
		}, void 0, t);
	}
	handle = (e, t) => {
		if (e.page !== this.name) return;
		let n = t.map(r);
		e.is === "answer" && e.id === 0 ? this.show(n[0]) : this.port?.postMessage({
			content: e,
			buffers: n
		}, n);
	};
	show(e) {
		this.frame.srcdoc = new TextDecoder().decode(e);
		let { style: t } = this.frame;
		t.cssText = "display: block; width: 100%; border: 0; border-radius: 10px;", this.followHeight(), this.followTheme(), this.waiting.replaceWith(this.frame);
		for (let e of [document.documentElement, document.body]) this.looks.observe(e, { attributes: !0 });
	}
	handOverPort = () => {
		this.port?.close();
		let { port1: e, port2: t } = new MessageChannel();
		this.port = e, e.onmessage = ({ data: e }) => this.hearPage(e), this.frame.contentWindow?.postMessage("port", "*", [t]);
	};
	hearPage(e) {
		"save" in e ? this.save(e.save, e.name) : this.post(e.content, e.buffers);
	}
	save(e, t) {
		let n = document.createElement("a");
		n.href = URL.createObjectURL(e), n.download = t, this.element.append(n), n.click(), n.remove(), setTimeout(() => URL.revokeObjectURL(n.href), 6e4);
	}
	followHeight = () => {
		this.frame.style.height = `${this.model.get("height")}px`;
	};
	followTheme() {
		this.frame.style.colorScheme = n(this.element) ? "dark" : "light";
	}
};
function n(e) {
	let [t = 0, n = 0, r = 0] = getComputedStyle(e).color.match(/[\d.]+/g)?.map(Number) ?? [];
	return .299 * t + .587 * n + .114 * r > 127;
}
function r(e) {
	if (e instanceof ArrayBuffer) return e.slice(0);
	let { buffer: t, byteOffset: n, byteLength: r } = e;
	return t.slice(n, n + r);
}
var i = { render: e };
export { i as default };
