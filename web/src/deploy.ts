// The launch command as the files that people put it into. Each is text around the engine's own command.

export type Shape = 'command' | 'compose' | 'kubernetes' | 'ray';

const words = (command: string): string[] => command.match(/'[^']*'|\S+/g)?.map((word) => word.replace(/^'|'$/g, '')) ?? [];
const yaml = (word: string): string => JSON.stringify(word);

function compose(command: string, version: string, cards: number): string {
  const [, , ...args] = words(command);
  return `services:
  vllm:
    image: vllm/vllm-openai:v${version}
    ipc: host
    ports: ["8000:8000"]
    command: [${args.map(yaml).join(', ')}]
    deploy:
      resources:
        reservations:
          devices: [{driver: nvidia, count: ${cards}, capabilities: [gpu]}]
`;
}

function kubernetes(command: string, version: string, cards: number): string {
  const [, , ...args] = words(command);
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: vllm}
spec:
  selector: {matchLabels: {app: vllm}}
  template:
    metadata: {labels: {app: vllm}}
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v${version}
          args: [${args.map(yaml).join(', ')}]
          ports: [{containerPort: 8000}]
          resources: {limits: {nvidia.com/gpu: ${cards}}}
          volumeMounts: [{name: shm, mountPath: /dev/shm}]
      volumes: [{name: shm, emptyDir: {medium: Memory}}]
`;
}

function ray(args: Record<string, unknown>, model: string): string {
  const engine = Object.entries(args).map(([name, value]) => `        ${name}: ${JSON.stringify(value)}\n`);
  return `applications:
  - name: vllm
    import_path: ray.serve.llm:build_openai_app
    args:
      llm_configs:
        - model_loading_config: {model_id: ${yaml(model)}, model_source: ${yaml(model)}}
          engine_kwargs:${engine.length ? `\n${engine.map((line) => `    ${line}`).join('')}` : ' {}\n'}`;
}

export function deployed(shape: Shape, command: string, version: string, cards: number, args: Record<string, unknown>): string {
  if (shape === 'compose') return compose(command, version, cards);
  if (shape === 'kubernetes') return kubernetes(command, version, cards);
  if (shape === 'ray') return ray(args, words(command)[2] ?? '');
  return command;
}
