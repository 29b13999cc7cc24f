package lambda

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/runtimes"
)

// layout is where a version's code and layers lie. On AWS that is /var/task and
// /opt, which belong to others on this machine.
type layout struct{ task, opt string }

// here is an environment variable's value that leads to where things lie: a path
// below /var/task or /opt, or a list of paths.
func (l layout) here(value string) string {
	if !strings.Contains(value, "/opt") && !strings.Contains(value, "/var/task") {
		return value
	}
	parts := strings.Split(value, ":")
	for i, p := range parts {
		for there, here := range map[string]string{"/var/task": l.task, "/opt": l.opt} {
			if p == there || strings.HasPrefix(p, there+"/") {
				parts[i] = here + strings.TrimPrefix(p, there)
			}
		}
	}
	return strings.Join(parts, ":")
}

// execWrapper is the variable that names a program which starts the runtime
// (developer guide, page runtimes-modify).
const execWrapper = "AWS_LAMBDA_EXEC_WRAPPER"

// environment is that of a new process (developer guide, page
// configuration-envvars): of this process's own it has PATH alone.
func (w *workshop) environment(v *catalog.Version, variables map[string]string, paths []string, where layout, stream, tmp string, provisioned bool) (env []string, expires time.Time, err error) {
	expires = w.s.Clock.Now().Add(credentialsTime)
	id, secret, token, err := w.s.Issuer.Issue(v.Account, sessionARN(v), expires)
	if err != nil {
		return nil, expires, err
	}
	all := map[string]string{
		"PATH": os.Getenv("PATH") + ":" + filepath.Join(where.opt, "bin"), "HOME": tmp, "TMPDIR": tmp, "LANG": "en_US.UTF-8", "TZ": ":UTC",
		"AWS_ENDPOINT_URL": w.s.Endpoint(),
	}
	if v.Code.Folder != "" { // which is not for us to write into
		all["PYTHONDONTWRITEBYTECODE"] = "1"
		all["SIGNALBOX_NODE_MODULES"] = filepath.Join(filepath.Dir(where.opt), "node_modules")
	}
	for _, p := range paths {
		key, value, _ := strings.Cut(p, "=")
		all[key] = value
	}
	for name, value := range variables {
		if w.s.Home != nil {
			value = w.s.Home(value)
		}
		if value = where.here(value); name == "NODE_PATH" { // the SDK stays to be found
			value += ":" + all[name]
		}
		all[name] = value
	}
	runtime, _ := runtimes.Parse(v.Runtime)
	maps.Copy(all, map[string]string{
		"_HANDLER": v.Handler, "LAMBDA_TASK_ROOT": where.task, "LAMBDA_RUNTIME_DIR": w.s.host.Dir(),
		"AWS_REGION": v.Region, "AWS_DEFAULT_REGION": v.Region,
		"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token,
		"AWS_LAMBDA_FUNCTION_NAME": v.Function, "AWS_LAMBDA_FUNCTION_VERSION": v.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(int(v.Memory)), "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME": *v.Logging.LogGroup, "AWS_LAMBDA_LOG_STREAM_NAME": stream,
	})
	if provisioned {
		all["AWS_LAMBDA_INITIALIZATION_TYPE"] = "provisioned-concurrency"
	}
	if name := runtime.ExecutionEnv(); name != "" {
		all["AWS_EXECUTION_ENV"] = name
	}
	if *v.Logging.LogFormat == api.LogFormatJson {
		all["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
		all["AWS_LAMBDA_LOG_LEVEL"] = *v.Logging.ApplicationLogLevel
	}
	env = make([]string, 0, len(all))
	for key, value := range all {
		env = append(env, key+"="+value)
	}
	return env, expires, nil
}

// sessionARN is whom a function's credentials stand for: its role, in a
// session of the function's name.
func sessionARN(v *catalog.Version) string {
	role := v.Role
	if a, err := arn.Parse(role); err == nil {
		return "arn:aws:sts::" + a.Account + ":assumed-role/" + path.Base(a.Resource) + "/" + v.Function
	}
	return role
}
