service"name"   {
       variables =    !var.off &&  local.on
       name  = var.x
   description  =  upper("x")
       labels = 0.5
primary_artifact =    { a = 1, "b" = local.b   }  
   tags_exclusive    =  {   for k  ,v in var.m :k =>v... }
       reserved_concurrent_executions    = "text" # note
   code_signing_config_arn =    self.key  
 recursive_loop    = -1
variable"name"{
   type    =    ["a","b"]  
 default    =    var.a  ==1 ? "b" : "c"
allowed_values = var.list[*].id
   description =    "${var.a  }-${  local.b}"
   sensitive  = release.checkout["dev"].alias.live.arn# note
nullable    =  12
   required = each.value  

validation {
condition    =  service.x
       error_message  =  true
 }
}
 function{
function_name  =    [for  a  in  local.b   : a.c    if    a.d]
runtime = "arn:aws:iam::123456789012:role/x"  
handler =  null      # note
   role    =  !var.off &&  local.on
   description  = var.x  
   memory_size =  upper("x"  )
   timeout  = 0.5
 architectures  =  {a =    1,"b" = local.b }
       environment = {   for    k,v  in var.m   :   k => v...}
kms_key_arn  = "text"      # note
  source_kms_key_arn= local.key
   layers = self.key  
 tags    = -1

 environment{
 variables =  [  "a",   "b"]  
 }

       vpc_config {
subnet_ids =    var.a == 1 ?   "b" : "c"
   security_group_ids =    var.list[*].id
       ipv6_allowed_for_dual_stack =  "${var.a}-${  local.b  }"
       }

dead_letter_config {
       target_arn    = release.checkout["dev"].alias.live.arn # note
   }

       tracing_config{
mode  = 12
   }

       ephemeral_storage {
   size    = each.value
}

   snap_start{
       apply_on    =  service.x
 }

logging_config   {
log_format = true
application_log_level    = [for a    in    local.b : a.c  if  a.d]
system_log_level = "arn:aws:iam::123456789012:role/x"
log_group =  null # note
 }

   image_config{
entry_point =  !var.off   &&    local.on
command =    var.x
working_directory    = upper("x")  
}

file_system_configs {
arn    =    0.5
local_mount_path =    { a =  1,   "b" = local.b}
  s3_files_config   {
direct_s3_read="AUTO"
   }
 }

   durable_config {
       execution_timeout =    {   for k  ,   v  in  var.m : k  =>v... }
       retention_period_in_days    = "text"# note
   kms_key_arn = self.key
}

tenancy_config {  
 tenant_isolation_mode =    -1
}

       capacity_provider_config{  

lambda_managed_instances_capacity_provider_config {  
   capacity_provider_arn =  ["a", "b"]
       per_execution_environment_max_concurrency    =    var.a  ==   1 ? "b" :"c"
       execution_environment_memory_gib_per_vcpu =  var.list[*].id
}
}
  runtime_config   {
runtime_arn    =   local.runtime   # note
 runtime_alias="stable"
}

accelerator_config{
    accelerator_memory_size =   24
  }
 }
 definition   {
   file  =    "${  var.a  }-${  local.b}"
       inline  =  release.checkout["dev"].alias.live.arn# note

 git{
 connector    =    12
 repo =  each.value
       branch =    service.x  
 tag =    true
 commit    = [for a  in local.b   :   a.c    if    a.d]
 path = "arn:aws:iam::123456789012:role/x"  
}

   s3   {
 connector  =  null# note
 bucket    = !var.off && local.on
       key =    var.x
 version_id  =  upper("x")
       }
 }
artifact "local" {
   path =    0.5
   exclude =  { a  = 1,   "b" =  local.b}
   }
artifact "s3" "extra"   {
connector  =    { for    k,v in  var.m:k  =>   v...}
       bucket    =    "text" # note
 key = self.key  
   key_regex    = -1
       version_id = [  "a"  ,   "b"]
       region = var.a == 1 ?   "b"   : "c"
storage    = var.list[*].id
}  
       artifact "ecr"{  
   connector =    "${  var.a  }-${local.b  }"
repository    = release.checkout["dev"].alias.live.arn      # note
 tag  =  12
tag_regex    =  each.value
   digest  =    service.x
 registry_id = true  
   region    =  [for  a in local.b   : a.c if    a.d]
}
       artifact"nexus""extra" {  
   connector =  "arn:aws:iam::123456789012:role/x"
repository =  null      # note
format    =    !var.off && local.on
group  = var.x
   artifact  =  upper("x")
package =  0.5
classifier  = {   a =    1, "b" =    local.b}  
extension =  {for k, v    in var.m:k =>v...   }
 version  =    "text" # note
       version_regex  =  self.key
}
   artifact "artifactory" {
connector =    -1
repository    =    ["a","b"]  
   path =  var.a ==1 ? "b":   "c"
   path_regex = var.list[*].id
}  
   artifact "jenkins" "extra" {
 connector = "${  var.a}-${local.b}"
 job  =  release.checkout[  "dev"].alias.live.arn      # note
   build = 12
 path =  each.value
 }
artifact"custom"   {
script    =    service.x
       versions_path  = true
 version_path  =  [for a    in local.b: a.c if    a.d]
 attributes =  "arn:aws:iam::123456789012:role/x"  
 inputs =    null # note
 version =  !var.off   &&  local.on
version_regex = var.x
       timeout    =  upper  ("x")
}
 artifact "http"   "extra"{
       connector = 0.5
url =    { a =    1,"b"    = local.b }
       sha256    =  {   for k  , v in var.m:k  => v...}
       }
   alias "name"{
 description    =  "text" # note
       function_version =    self.key
routing    = -1
provisioned_concurrent_executions = ["a","b"]

url {
auth_type  =    var.a    ==1 ?"b"   : "c"
invoke_mode    = var.list[*].id

       cors{  
allow_credentials = "${  var.a}-${local.b  }"
allow_headers =  release.checkout[  "dev"].alias.live.arn# note
allow_methods    =    12
 allow_origins  = each.value
   expose_headers  = service.x
max_age  =  true  
   }  
}  

permission"id"{
       action  = [  for a in    local.b : a.c    if a.d]
 principal =    "arn:aws:iam::123456789012:role/x"
   source_arn =  null # note
   source_account =  !var.off&&    local.on
principal_org_id =  var.x
 event_source_token = upper  (  "x")
   function_url_auth_type = 0.5
invoked_via_function_url   =true
   }  

       event_invoke {  
maximum_retry_attempts  =  { a    =    1,"b" =    local.b}  
maximum_event_age_in_seconds =  {for  k, v in var.m : k    => v... }
 on_success    =    "text"      # note
       on_failure  = self.key
 }

   strategy{
       type  = -1
weights  = [  "a"  ,"b"]
interval    =    var.a  ==1 ?"b" :   "c"
 step  = var.list[*].id
       }
   }  
alias_definition {
file  = "${var.a}-${  local.b}"  
inline = release.checkout["dev"].alias.live.arn # note

git   {
connector =    12
repo  =    each.value
branch    = service.x  
   tag  =    true
commit =  [for a in    local.b :a.c if a.d]  
 path    =  "arn:aws:iam::123456789012:role/x"  
 }

   s3   {
   connector    = null      # note
   bucket = !var.off&& local.on
key =    var.x
version_id =    upper  ("x"  )
   }
 }
 url   {
       auth_type  = 0.5
   invoke_mode =  {a  =  1,"b"    =    local.b}

   cors {
       allow_credentials    =    {for k,   v in var.m   :k  =>v... }
   allow_headers = "text"      # note
allow_methods  =  self.key
allow_origins  =    -1
expose_headers = [  "a", "b"]
 max_age    =    var.a  == 1 ?   "b"   :"c"  
 }
       }  
permission "id"{  
       action =    var.list[*].id  
   principal = "${var.a}-${local.b}"  
 source_arn = release.checkout["dev"].alias.live.arn# note
       source_account    = 12
   principal_org_id  = each.value
event_source_token  =    service.x
function_url_auth_type = true
invoked_via_function_url   =true
       }  
       event_invoke {  
maximum_retry_attempts = [for    a in local.b   :a.c if    a.d]
maximum_event_age_in_seconds    = "arn:aws:iam::123456789012:role/x"
   on_success    = null      # note
       on_failure =    !var.off   && local.on
       }
runtime_management{
 update_runtime_on = var.x  
   runtime_version_arn    = upper("x"  )  
   }
}  
